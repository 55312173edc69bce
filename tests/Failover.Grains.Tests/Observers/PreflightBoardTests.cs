using Failover.Domain.Health;
using Failover.Domain.Members;
using Failover.Domain.Migration;
using Failover.Grains.Observers;
using Failover.Grains.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;

namespace Failover.Grains.Tests.Observers;

public sealed class PreflightBoardTests
{
    private static readonly DateTimeOffset Start = Samples.Start;

    private readonly FakeTimeProvider _time = new(Start);
    private readonly ObserverOptions _options = new();
    private readonly PreflightBoard _board;
    private readonly RunState _run = Samples.Submitted("uid-1");
    private readonly MemberState[] _members = [Member("east-1"), Member("west-1")];

    public PreflightBoardTests() => _board = new PreflightBoard(Microsoft.Extensions.Options.Options.Create(_options), _time);

    [Fact]
    public void Findings_NobodyAsks_None() => Assert.Empty(_board.Findings([_run], _members));

    [Fact]
    public void Findings_NotAskedYet_RunThatWasNeverPlacedWaitsAWhileAndNoLonger()
    {
        _board.Begin();

        Assert.Equal(["east-1", "west-1"], _board.Findings([_run], _members).Select(finding => finding.Member));
        _time.Advance(_options.PreflightPatience);
        Assert.Empty(_board.Findings([_run], _members));
    }

    [Fact]
    public void Findings_OneRefusesAndOneWould_OnlyTheRefusal()
    {
        _board.Begin();
        _board.Post("uid-1", "east-1", null);
        _board.Post("uid-1", "west-1", "no such namespace");

        var finding = Assert.Single(_board.Findings([_run], _members));

        Assert.Equal(("west-1", "no such namespace", Start), (finding.Member, finding.Refusal, finding.Since));
    }

    [Fact]
    public void Post_SameRefusalAgain_IsTheSameFinding()
    {
        _board.Begin();
        _board.Post("uid-1", "west-1", "no such namespace");
        _time.Advance(_options.PreflightAgeRefused);
        _board.Post("uid-1", "west-1", "no such namespace");

        Assert.Equal(Start, _board.Findings([_run], _members).Single(finding => finding.Member == "west-1").Since);
    }

    [Fact]
    public void IsDue_RefusalsAgeFasterThanConsent()
    {
        _board.Post("uid-1", "east-1", null);
        _board.Post("uid-1", "west-1", "no such namespace");
        Assert.Equal((false, false, true), (_board.IsDue("uid-1", "east-1"), _board.IsDue("uid-1", "west-1"), _board.IsDue("uid-2", "east-1")));

        _time.Advance(_options.PreflightAgeRefused);
        Assert.Equal((false, true), (_board.IsDue("uid-1", "east-1"), _board.IsDue("uid-1", "west-1")));

        _time.Advance(_options.PreflightAge);
        Assert.True(_board.IsDue("uid-1", "east-1"));
    }

    [Fact]
    public void Keep_RunHasEnded_IsForgotten()
    {
        _board.Post("uid-1", "east-1", null);

        _board.Keep(new HashSet<string>());

        Assert.True(_board.IsDue("uid-1", "east-1"));
    }

    private static MemberState Member(string name) => MemberMachine.Create(name, "east", Start) with { Verdict = MemberVerdict.Healthy };
}
