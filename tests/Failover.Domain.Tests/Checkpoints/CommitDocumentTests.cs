using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CsCheck;
using Failover.Domain.Checkpoints;
using static Failover.Domain.Tests.Checkpoints.Histories;

namespace Failover.Domain.Tests.Checkpoints;

public class CommitDocumentTests
{
    private static readonly Commit Good = Commit(Ref(2, 1), Commit(Ref(1, 7), null, Ref(1, 6), 400), Ref(1, 7), 480);

    [Fact]
    public void Parse_TheContractsExample_IsTheCommit()
    {
        var (commit, faults) = CommitDocument.Parse(
            """
            {
              "schema": "failover.dev/commit/v1",
              "run": "01jd2m7k3q8v5w9x0y1z2a3b4c", "epoch": 2, "attempt": 0, "step": 480,
              "parent": { "epoch": 1, "commit": 7 },
              "resumedFrom": { "epoch": 1, "commit": 7 },
              "nonce": "8f14e45fceea167a",
              "provenance": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
              "files": [ { "path": "e2/a0/480/weights.bin", "sizeBytes": 4096, "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" } ],
              "framework": { "name": "torch", "name2": [1, 2, { "deep": null }] }
            }
            """);

        Assert.Empty(faults);
        Assert.Equal((2, 0, 480L, Ref(1, 7)), (commit!.Epoch, commit.Attempt, commit.Step, commit.Parent));
        Assert.Equal(4096, commit.SizeBytes);
    }

    [Fact]
    public void Write_ThenParse_IsTheSame() => AnyHistory.Sample(history => Assert.All(history.Chain, link =>
    {
        var text = CommitDocument.Write(link.Commit);
        var (commit, _) = CommitDocument.Parse(text);

        Assert.True(commit!.SaysTheSameAs(link.Commit));
        Assert.Equal(text, CommitDocument.Write(commit!));
    }));

    [Theory]
    [InlineData("schema")]
    [InlineData("run")]
    [InlineData("epoch")]
    [InlineData("attempt")]
    [InlineData("step")]
    [InlineData("parent")]
    [InlineData("resumedFrom")]
    [InlineData("nonce")]
    [InlineData("provenance")]
    [InlineData("files")]
    [InlineData("parent.epoch")]
    [InlineData("parent.commit")]
    [InlineData("files.0.path")]
    [InlineData("files.0.sizeBytes")]
    [InlineData("files.0.sha256")]
    public void Parse_AMemberIsLeftOut_IsRefused(string member)
    {
        var document = JsonNode.Parse(CommitDocument.Write(Good))!;
        var steps = member.Split('.');
        var owner = steps.SkipLast(1).Aggregate(document, (node, step) => node is JsonArray array ? array[int.Parse(step)]! : node[step]!);
        owner.AsObject().Remove(steps[^1]);

        Refused(document.ToJsonString());
    }

    [Theory]
    [InlineData("schema", "\"failover.dev/commit/v2\"", "schema:")]
    [InlineData("run", "\"short\"", "run:")]
    [InlineData("run", "\"01JD2M7K3Q8V5W9X0Y1Z2A3B4C\"", "run:")]
    [InlineData("run", "null", "$.run")]
    [InlineData("epoch", "0", "epoch:")]
    [InlineData("epoch", "2147483648", "$.epoch")]
    [InlineData("epoch", "\"2\"", "$.epoch")]
    [InlineData("attempt", "-1", "attempt:")]
    [InlineData("step", "-1", "step:")]
    [InlineData("step", "1.5", "$.step")]
    [InlineData("parent", "{\"epoch\":0,\"commit\":0}", "parent:")]
    [InlineData("parent", "{\"epoch\":1,\"commit\":-1}", "parent:")]
    [InlineData("resumedFrom", "{\"epoch\":0,\"commit\":0}", "resumedFrom:")]
    [InlineData("resumedFrom", "{\"epoch\":1,\"commit\":-1}", "resumedFrom:")]
    [InlineData("nonce", "\"8F14E45FCEEA167A\"", "nonce:")]
    [InlineData("provenance", "\"00\"", "provenance:")]
    [InlineData("files", "[]", "files:")]
    [InlineData("files", "null", "files")]
    [InlineData("files", "[null]", "files[0]: null")]
    [InlineData("files", "[{\"path\":null,\"sizeBytes\":1,\"sha256\":\"\"}]", "files[0].path")]
    public void Parse_AMemberIsWrong_NamesIt(string member, string value, string fault)
    {
        var document = JsonNode.Parse(CommitDocument.Write(Good))!;
        document[member] = JsonNode.Parse(value);

        Assert.Contains(Refused(document.ToJsonString()), said => said.Contains(fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("e2/a0")]
    [InlineData("e2/a0/")]
    [InlineData("/e2/a0/f")]
    [InlineData("e2/a0/../../e1/a0/f")]
    [InlineData("e2/a0/./f")]
    [InlineData("e2/a0//f")]
    [InlineData("e2/a0/f\\g")]
    [InlineData("e2/a0/f\u0000")]
    [InlineData("e2/a0/f\n")]
    [InlineData("e2/a1/f")]
    [InlineData("e1/a0/f")]
    [InlineData("e02/a0/f")]
    [InlineData("pins/e2/a0/f")]
    public void Parse_APathThatLeavesItsAttempt_IsRefused(string path) =>
        Assert.Contains(
            Refused(CommitDocument.Write(Good with { Files = [Good.Files[0] with { Path = path }] })),
            said => said == "files[0].path: not a plain relative path below e2/a0/");

    [Fact]
    public void Parse_APathOf512Characters_IsTheLongest()
    {
        var path = "e2/a0/" + new string('x', 506);

        Assert.True(CommitDocument.IsPathBelow(path, 2, 0));
        Assert.False(CommitDocument.IsPathBelow(path + "x", 2, 0));
    }

    [Fact]
    public void Parse_SeveralFaults_NamesThemAll()
    {
        var file = Good.Files[0];
        var faults = Refused(CommitDocument.Write(Good with
        {
            Step = -1,
            Files = [file, file, file with { Path = "e2/a0/1/x", SizeBytes = -1, Sha256 = "A" }],
        }));

        Assert.Equal(
            [
                "step: less than 0", "files[1].path: named twice", "files[2].sizeBytes: less than 0", "files[2].sha256: not 64 lower-case hex digits",
            ],
            faults);
    }

    [Fact]
    public void Parse_SizesThatAddUpToMoreThanANumber_AreRefused()
    {
        var file = Good.Files[0] with { SizeBytes = long.MaxValue };

        Assert.Contains(
            Refused(CommitDocument.Write(Good with { Files = [file, file with { Path = "e2/a0/1/x" }] })),
            said => said.StartsWith("files[1].sizeBytes: all together", StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_TenThousandAndOneFiles_AreTooMany()
    {
        ImmutableArray<CommitFile> files = [.. Enumerable.Range(0, 10_001).Select(i => new CommitFile($"e2/a0/{i}", 1, ""))];

        Refused(CommitDocument.Write(Good with { Files = files }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"schema\": \"\\ud800\"}")]
    public void Parse_NotADocument_IsRefused(string text) => Refused(text);

    [Fact]
    public void Parse_AMemberTwice_IsRefused() => Refused(CommitDocument.Write(Good).Replace("\"step\":480", "\"step\":480,\"step\":481", StringComparison.Ordinal));

    [Fact]
    public void Parse_MoreThanAMebibyte_IsRefusedByBytesNotCharacters()
    {
        var text = CommitDocument.Write(Good);
        var room = CommitDocument.LengthMax - text.Length;

        Assert.NotNull(CommitDocument.Parse(text + new string(' ', room)).Commit);
        Refused(text + new string(' ', room + 1));
        Refused(text.Insert(1, $"\"note\":\"{new string('é', room / 2 + 1)}\","));
    }

    [Fact]
    public void Parse_AnyDamage_NeverThrows() =>
        Gen.Select(Gen.Int[0, 700], Gen.Char).Array[1, 4].Sample(edits =>
        {
            var text = CommitDocument.Write(Good).ToCharArray();
            foreach (var (at, with) in edits)
                text[at % text.Length] = with;
            var (commit, faults) = CommitDocument.Parse(new string(text));

            Assert.NotEqual(commit is null, faults.IsEmpty);
        });

    [Theory]
    [InlineData("SEALED")]
    [InlineData("SEALED by hand")]
    public void SlotContent_BeginsWithTheMark_IsASeal(string content) => Assert.IsType<SlotContent.Seal>(SlotContent.Parse(content));

    [Fact]
    public void SlotContent_OurSeal_IsASealWithAWordForPeople()
    {
        var text = SlotContent.SealText(3);

        Assert.IsType<SlotContent.Seal>(SlotContent.Parse(text));
        Assert.Contains("Epoch 3 is over", text, StringComparison.Ordinal);
    }

    [Fact]
    public void SlotContent_ADocument_IsACommit() =>
        Assert.True(Assert.IsType<SlotContent.CommitSlot>(SlotContent.Parse(CommitDocument.Write(Good))).Commit.SaysTheSameAs(Good));

    [Theory]
    [InlineData("sealed")]
    [InlineData(" SEALED")]
    [InlineData("")]
    [InlineData("{}")]
    public void SlotContent_NeitherOfBoth_SaysWhy(string content) => Assert.NotEmpty(Assert.IsType<SlotContent.Malformed>(SlotContent.Parse(content)).Reason);

    private static ImmutableArray<string> Refused(string text)
    {
        var (commit, faults) = CommitDocument.Parse(text);
        Assert.Null(commit);
        Assert.NotEmpty(faults);
        return faults;
    }
}
