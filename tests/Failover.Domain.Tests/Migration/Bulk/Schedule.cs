using System.Collections.Immutable;
using Failover.Domain.Checkpoints;
using Failover.Domain.Migration;
using Failover.Domain.Planning;
using Failover.Domain.Runs;

namespace Failover.Domain.Tests.Migration.Bulk;

/// <summary>
/// One run against one seeded schedule of losses, partitions, rot, crashes, duplicate activations, and lost, late and repeated answers. Everything that the machine can't
/// see is a model; everything that it decides is the real <see cref="RunMachine"/>.
/// </summary>
internal sealed class Schedule
{
    private const int ChaosActions = 700;
    private const int CalmRounds = 800;

    private static readonly (string Member, string Region, string Store)[] Places =
        [("east-1", "eastus", "east"), ("west-1", "westeurope", "west"), ("asia-1", "southeastasia", "asia")];

    private readonly Random _random;
    private readonly Mutant _mutant;
    private readonly RunPolicy _policy = new() { PreemptPeriod = TimeSpan.FromMinutes(1) };
    private readonly Dictionary<string, StoreModel> _stores = Places.ToDictionary(place => place.Store, place => new StoreModel(place.Store));
    private readonly Dictionary<(string Member, int Epoch), TrainerModel> _trainers = [];
    private readonly HashSet<string> _lost = [];
    private readonly List<RunState> _rows = [];
    private readonly List<(RunEvent Event, ImmutableArray<BadCopy> Sound)> _messages = [];
    private readonly List<RunEffect> _effects = [];
    private readonly HashSet<CommitRef> _forged = [];
    private readonly Dictionary<int, string> _launchedOn = [];
    private readonly List<RunState?> _activations = [null, null];
    private readonly List<int> _versions = [0, 0];
    private DateTimeOffset _now = Sample.Start;
    private ImmutableArray<BadCopy> _sound = [];
    private bool _calm;

    public Schedule(int seed, Mutant mutant)
    {
        (_random, _mutant) = (new Random(seed), mutant);
        var spec = Sample.Spec with { Checkpoints = new CheckpointSpec("east", ["west", "asia"]), Retries = new RetrySpec(2, 2) };
        _rows.Add(RunMachine.Submit(Sample.Uid, spec, _now));
    }

    public List<string> Violations { get; } = [];

    public HashSet<(RunStep, Type)> Pairs { get; } = [];

    /// <summary>How often its place went to another run.</summary>
    public int Preemptions { get; private set; }

    /// <summary>What was stored, a line a write: for whoever replays a seed.</summary>
    public IEnumerable<string> Transcript => _rows.Select((row, i) =>
        $"{i,3} {row.Now:HH:mm:ss} e{row.EpochNumber}{(row.Epoch?.Fenced == true ? "!" : "")} m{row.Moves} {row.Step} {row.Move?.Cause} {row.Move?.Target.Store} {row.Move?.Commit} {row.Waiting?.Reason} {row.Waiting?.Detail}");

    private RunState Row => _rows[^1];

    public void Run()
    {
        for (var i = 0; i < ChaosActions && Violations.Count == 0; i++)
            Act(_random.Next(100));
        Calm();
        JudgeLineage();
    }

    private void Act(int dice)
    {
        switch (dice)
        {
            case < 24: DeliverOne(); break;
            case < 46: PerformOne(); break;
            case < 56: Plan(_rows[Math.Max(0, _rows.Count - 1 - _random.Next(_random.Next(3) + 1))]); break;
            case < 74: Train(); break;
            case < 82: LookAfter(); break;
            case < 88: PassTime(TimeSpan.FromSeconds(_random.Next(1, 40))); break;
            case < 91: Crash(); break;
            case < 93: Fault(); break;
            case < 96: Heal(); break;
            case < 98: Send(new RunEvent.WorkloadFailed(_now, Row.EpochNumber, _random.Next(3) switch { 0 => 1, 1 => 87, _ => null }, "failed")); break;
            case < 99: Send(new RunEvent.RetryRequested(_now, "ann", FromNothing: false)); break;
            default: Stray(); break;
        }
    }

    // The grain.

    private void DeliverOne()
    {
        if (_messages.Count == 0)
            return;
        var i = _random.Next(_messages.Count);
        var (message, sound) = _messages[i];
        // Most arrive once; some twice, some never.
        if (_random.Next(20) != 0)
            _messages.RemoveAt(i);
        if (_random.Next(25) == 0)
            return;
        Apply(message, sound);
    }

    private void Apply(RunEvent happened, ImmutableArray<BadCopy> sound)
    {
        // Orleans' single activation is only eventual: now and then an old one is still there.
        var which = _random.Next(12) == 0 ? 1 : 0;
        // A tick reads the row anew, as the grain does: an old activation that ignores everything would never meet a conflict.
        var memory = happened is RunEvent.Tick ? Activate(which) : _activations[which] ?? Activate(which);
        Pairs.Add((memory.Step, happened.GetType()));
        var transition = RunMachine.Next(memory, happened, _policy);
        if (happened is RunEvent.Tick)
            JudgeTime(transition.State, happened.At);
        if (!transition.Changed)
        {
            Issue(transition.Effects);
            return;
        }
        var conflict = _versions[which] != _rows.Count && _mutant != Mutant.EtagCheckOff;
        if (conflict)
        {
            _activations[which] = null;
            return;
        }
        Store(transition.State, happened, sound);
        if (_random.Next(30) == 0)
        {
            // Stored, and the answer lost: the activation ends, its effects are issued by the next.
            _activations[which] = null;
            return;
        }
        (_activations[which], _versions[which]) = (transition.State, _rows.Count);
        Issue(transition.Effects);
    }

    private RunState Activate(int which)
    {
        (_activations[which], _versions[which]) = (Row, _rows.Count);
        Issue(RunMachine.Due(Row, _policy));
        return Row;
    }

    private void Store(RunState next, RunEvent happened, ImmutableArray<BadCopy> sound)
    {
        var before = Row;
        _rows.Add(next);
        // Only what was chosen from is what the choice is judged by: an owed seal that is set later shows what nobody could reach before.
        if (before.Step is RunStep.Reserved or RunStep.Fenced && happened is (RunEvent.Surveyed or RunEvent.Sealed { Survey: not null }))
            _sound = sound;
        if (next.EpochNumber < before.EpochNumber)
            Violate($"the epoch went back from {before.EpochNumber} to {next.EpochNumber}");
        if (next.EpochNumber == before.EpochNumber + 1)
            JudgeResume(before, next);
        if (next.LastPreemptedAt != before.LastPreemptedAt)
            JudgePreemption(before, next);
        if (next.EpochNumber == before.EpochNumber && next.Epoch?.Target != before.Epoch?.Target)
            Violate($"epoch {next.EpochNumber} changed its member");
        foreach (var past in next.Past.Where(past => !past.Sealed && !next.PendingSeals.Any(owed => owed.Epoch == past.Number)))
            Violate($"epoch {past.Number} is neither sealed nor is its seal owed");
    }

    private void Issue(ImmutableArray<RunEffect> effects)
    {
        foreach (var effect in effects.Where(effect => _effects.All(known => known.Id != effect.Id)))
            _effects.Add(effect);
    }

    // The effect runner.

    private void PerformOne()
    {
        if (_effects.Count == 0)
            return;
        var i = _random.Next(_effects.Count);
        var issued = _effects[i];
        _effects.RemoveAt(i);
        var current = Row with { Now = _now > Row.Now ? _now : Row.Now };
        var effect = _mutant == Mutant.NoReread ? issued : RunMachine.Due(current, _policy).FirstOrDefault(due => due.Id == issued.Id);
        if (effect is null)
            return;
        if (_random.Next(15) == 0)
            Send(new RunEvent.EffectFailed(_now, effect.Id, "no answer"));
        else
            Perform(effect);
        // Done twice, as after a crash between the effect and its event.
        if (_random.Next(20) == 0)
            Perform(effect);
    }

    private void Perform(RunEffect effect)
    {
        switch (effect)
        {
            case RunEffect.Reserve reserve:
                Send(new RunEvent.Reservation(_now, reserve.Id, !_lost.Contains(reserve.Target.Member) && _random.Next(8) != 0, "full"));
                break;
            case RunEffect.Survey survey:
                var found = Survey();
                Send(new RunEvent.Surveyed(_now, survey.Id, found), Sound(found));
                break;
            case RunEffect.Stage stage:
                Stage(stage);
                break;
            case RunEffect.Seal seal:
                Seal(seal);
                break;
            case RunEffect.Pin pin:
                Pin(pin);
                break;
            case RunEffect.Launch launch:
                Launch(launch);
                break;
            case RunEffect.Quiesce quiesce when _random.Next(3) > 0 && _trainers.GetValueOrDefault((quiesce.Member, quiesce.Epoch)) is { Alive: true }:
                // It has its grace, and trains on for a while.
                Send(new RunEvent.Stopping(_now, quiesce.Id, "its pods are stopping"));
                break;
            case RunEffect.Quiesce quiesce:
                if (_trainers.GetValueOrDefault((quiesce.Member, quiesce.Epoch)) is { } trainer)
                {
                    trainer.Commit();
                    trainer.Alive = false;
                }
                Send(new RunEvent.Quiesced(_now, quiesce.Id));
                break;
            case RunEffect.Unpin unpin:
                if (_stores[unpin.Store].Reached)
                    _stores[unpin.Store].Pins.Remove(unpin.ForEpoch);
                Send(new RunEvent.Unpinned(_now, unpin.Id));
                break;
        }
    }

    private void Seal(RunEffect.Seal seal)
    {
        if (_rows.TrueForAll(row => !(row.EpochNumber == seal.Epoch && row.Epoch!.Fenced) && row.PendingSeals.All(owed => owed.Epoch != seal.Epoch)))
            Violate($"epoch {seal.Epoch} is sealed though no row intends it");
        var store = _stores[seal.Store];
        var reached = store.Reached;
        if (reached && !store.IsSealed(seal.Epoch) && _mutant != Mutant.SealSkipped)
            store.Create(seal.Epoch, store.Count(seal.Epoch), null);
        var survey = seal.Owed ? null : Survey();
        Send(new RunEvent.Sealed(_now, seal.Id, seal.Epoch, seal.Store, reached, survey), survey is null ? [] : Sound(survey));
    }

    private void Stage(RunEffect.Stage stage)
    {
        var target = _stores[stage.ToStore];
        foreach (var source in stage.Sources.Select(name => _stores[name]).Where(store => store.Reached && target.Reached))
        {
            if (source.Read(stage.Commit) is not { } commit || source.Health(stage.Commit) == CopyHealth.Missing)
                continue;
            if (source.Health(stage.Commit) == CopyHealth.Corrupt && _mutant != Mutant.VerificationOff)
            {
                Send(new RunEvent.Staged(_now, stage.Id, Complete: false, source.Name, "corrupt"));
                return;
            }
            for (var slot = target.Count(stage.Commit.Epoch); slot <= stage.Commit.Commit && source != target; slot++)
                target.Create(stage.Commit.Epoch, slot, source.Read(new CommitRef(stage.Commit.Epoch, slot)), CopyHealth.Missing);
            target.SetHealth(stage.Commit, source.Health(stage.Commit) == CopyHealth.Corrupt ? CopyHealth.Corrupt : CopyHealth.Verified);
            Send(new RunEvent.Staged(_now, stage.Id, Complete: true));
            return;
        }
        Send(new RunEvent.EffectFailed(_now, stage.Id, "no source"));
    }

    private void Pin(RunEffect.Pin pin)
    {
        var store = _stores[pin.Store];
        if (!store.Reached)
        {
            Send(new RunEvent.EffectFailed(_now, pin.Id, "unreachable"));
            return;
        }
        var complete = store.Read(pin.Commit) is not null && store.Health(pin.Commit) is CopyHealth.Verified or CopyHealth.Unverified or CopyHealth.Corrupt;
        if (complete && _mutant != Mutant.NoPin)
            store.Pins[pin.ForEpoch] = store.Read(pin.Commit)!;
        Send(new RunEvent.Pinned(_now, pin.Id, complete));
    }

    private void Launch(RunEffect.Launch launch)
    {
        var (epoch, member) = (launch.Epoch, launch.Epoch.Target.Member);
        if (!_rows.Exists(row => row.EpochNumber == epoch.Number && row.Epoch!.LaunchId == epoch.LaunchId))
            Violate($"epoch {epoch.Number} is launched though no row makes it current");
        if (Row.EpochNumber > epoch.Number || Row.IsTombstone)
            Violate($"epoch {epoch.Number} is launched though the run is at epoch {Row.EpochNumber}, {Row.Step}");
        if (_launchedOn.TryGetValue(epoch.Number, out var other) && other != member)
            Violate($"epoch {epoch.Number} is launched on {other} and on {member}");
        if (_mutant == Mutant.NoPin && epoch.ResumeFrom is { } from && _stores[epoch.Target.Store].Health(from) is CopyHealth.Verified or CopyHealth.Unverified)
            _stores[epoch.Target.Store].Pins[epoch.Number] = _stores[epoch.Target.Store].Read(from)!;
        if (_lost.Contains(member))
        {
            Send(new RunEvent.EffectFailed(_now, launch.Id, "no answer"));
            return;
        }
        _launchedOn[epoch.Number] = member;
        if (!_trainers.ContainsKey((member, epoch.Number)))
        {
            var trainer = new TrainerModel(epoch, _stores[epoch.Target.Store]);
            _trainers[(member, epoch.Number)] = trainer;
            if (trainer.LostItsPin)
                Violate($"epoch {epoch.Number} finds nothing where it was told to resume from {epoch.ResumeFrom}");
            else if (epoch.ResumeFrom is { } resumed && _stores[epoch.Target.Store].Health(resumed) == CopyHealth.Corrupt && _mutant == Mutant.VerificationOff)
                Violate($"epoch {epoch.Number} was sent to a copy of {resumed} that is known to be corrupt");
        }
        Send(new RunEvent.Launched(_now, launch.Id, _random.Next(25) == 0 ? "refused" : null));
    }

    // What the machine can't see.

    private LineageSurvey Survey()
    {
        var epochs = Row.Past.Select(past => past.Number).Append(Row.EpochNumber).ToList();
        var stores = _stores.Values.Select(store => store.Survey(epochs));
        if (_mutant == Mutant.HighestStep)
            stores = stores.Select(Mislead);
        if (_mutant == Mutant.ProvenanceOff)
            stores = stores.Select(Whitewash);
        return new LineageSurvey([.. stores]);
    }

    /// <summary>Each commit with the provenance that its history, as any store has it, would give.</summary>
    private StoreSurvey Whitewash(StoreSurvey survey) =>
        survey with { Slots = [.. survey.Slots.Select(slot => slot.Commit is { } commit ? slot with { Commit = Whitewash(commit) } : slot)] };

    private Commit Whitewash(Commit commit)
    {
        var parent = commit.Parent is { } name ? _stores.Values.Select(store => store.Read(name)).FirstOrDefault(found => found is not null) : null;
        return commit with
        {
            Provenance = Provenance.Compute(
                Sample.Uid, parent is null ? null : Whitewash(parent).Provenance, commit.Epoch, commit.Attempt, commit.Nonce, commit.ResumedFrom, commit.Step),
        };
    }

    /// <summary>The commit with the highest step of all, told as the first and only one of the current epoch.</summary>
    private StoreSurvey Mislead(StoreSurvey survey)
    {
        var highest = survey.Slots.Where(slot => slot.Commit is not null).MaxBy(slot => slot.Commit!.Step);
        if (highest is null || Row.Epoch is null || highest.Epoch == Row.EpochNumber || survey.Slots.Any(slot => slot.Epoch == Row.EpochNumber))
            return survey;
        var told = Whitewash(highest.Commit! with { Epoch = Row.EpochNumber, Parent = Row.Epoch.ResumeFrom, ResumedFrom = Row.Epoch.ResumeFrom });
        return survey with { Slots = survey.Slots.Add(new SlotEntry(Row.EpochNumber, 0, told, highest.Health)) };
    }

    /// <summary>The copies of the true chain's commits that a survey showed as sound.</summary>
    private ImmutableArray<BadCopy> Sound(LineageSurvey survey) =>
    [
        .. from commit in Chain.Of(_rows, _stores.Values)
           from store in survey.Stores
           where store.Slots.Any(slot => slot.Ref == commit.Ref && slot.Health is CopyHealth.Verified or CopyHealth.Unverified)
           select new BadCopy(store.Store, commit.Ref),
    ];

    private void Plan(RunState seen)
    {
        if (seen.Epoch is { } epoch && seen.Step is RunStep.Running or RunStep.Launching or RunStep.Verifying && _lost.Contains(seen.Epoch!.Target.Member))
            Send(new RunEvent.Displaced(_now, epoch.Number, "lost", _now));
        if (seen.Move is { } move && _lost.Contains(move.Target.Member))
            Send(new RunEvent.TargetLost(_now, move.Number, "lost"));
        if (seen.Step == RunStep.Running && !_calm && _random.Next(10) == 0)
            Send(new RunEvent.GaveUp(_now, seen.EpochNumber, GivenUp.Preempted, "its place goes to another", _now) { PreemptedFor = ["another"] });
        var drain = seen.Step == RunStep.Running && _random.Next(4) == 0;
        if (!drain && (seen.Step != RunStep.Waiting || seen.Waiting!.Until > _now || seen.Waiting.Reason == WaitReason.RetriesExhausted))
            return;
        var open = Places.Where(place => !_lost.Contains(place.Member) && place.Member != (drain ? seen.Epoch!.Target.Member : "")).ToList();
        if (open.Count == 0 || _random.Next(10) == 0)
        {
            Send(_random.Next(2) == 0
                ? new RunEvent.NotPlaced(
                    _now, seen.EpochNumber, seen.Moves, [new MemberReason("east-1", "full")], _random.Next(4) == 0 ? null : Places[_random.Next(Places.Length)].Store)
                : new RunEvent.BrakeHeld(_now, seen.EpochNumber, "held"));
            return;
        }
        var (member, region, store) = open[_random.Next(open.Count)];
        var home = seen.Epoch?.Target.Member;
        var cause = drain ? MoveCause.Drain : home is null ? MoveCause.Initial : _lost.Contains(home) ? MoveCause.Failover : MoveCause.Restart;
        Send(new RunEvent.Placed(_now, seen.EpochNumber, seen.Moves, cause, new Target(member, region, "h100", store), _now));
    }

    private void Train()
    {
        foreach (var ((member, epoch), trainer) in _trainers)
        {
            trainer.Train(_random.Next(8));
            var forge = !_calm && _random.Next(12) == 0;
            if (_random.Next(3) == 0 && trainer.Commit(forge) is { } made && forge)
                _forged.Add(made);
            if (_random.Next(2) == 0 && trainer.Alive)
                Send(new RunEvent.Progressed(_now, new Progress(epoch, 0, trainer.Step, trainer.ResumeFrom, _now), ProgressKind.Heartbeat));
            if (trainer.Finished && !_lost.Contains(member))
                Send(new RunEvent.WorkloadSucceeded(_now, epoch));
        }
    }

    /// <summary>Verifies and replicates what counts, and sweeps what does not.</summary>
    private void LookAfter()
    {
        StageAhead();
        if (Row.Epoch is not { } epoch || !_stores[epoch.Target.Store].Reached)
            return;
        var own = _stores[epoch.Target.Store];
        foreach (var link in Chain.Of(_rows, [own]).Where(link => link.Ref.Epoch == epoch.Number))
        {
            if (own.Health(link.Ref) == CopyHealth.Unverified)
                own.SetHealth(link.Ref, CopyHealth.Verified);
            if (own.Health(link.Ref) != CopyHealth.Verified)
                continue;
            Send(new RunEvent.TipAdvanced(_now, epoch.Number, new StoreTip(own.Name, link.Ref, link.Commit.Step, _now), link.Ref.Commit + 1));
            foreach (var replica in _stores.Values.Where(store => store != own && store.Reached && _random.Next(2) == 0))
            {
                if (replica.Count(epoch.Number) != link.Ref.Commit)
                    continue;
                replica.Create(epoch.Number, link.Ref.Commit, link.Commit, CopyHealth.Verified);
                Send(new RunEvent.TipAdvanced(_now, epoch.Number, new StoreTip(replica.Name, link.Ref, link.Commit.Step, _now), link.Ref.Commit + 1));
            }
        }
        foreach (var ((member, number), trainer) in _trainers)
        {
            if (number < Row.EpochNumber && !_lost.Contains(member))
                trainer.Alive = false;
        }
    }

    private void StageAhead()
    {
        if (Row is not { StageAhead: { } ahead, Epoch: { } epoch } || !_stores[ahead.Store].Reached)
            return;
        var target = _stores[ahead.Store];
        var copy = KnownCopies.NewestFirst(Row).FirstOrDefault(tip =>
            tip.Store != ahead.Store && _stores[tip.Store].Reached && _stores[tip.Store].Health(tip.Commit) == CopyHealth.Verified);
        if (copy is null)
            return;
        for (var slot = target.Count(copy.Commit.Epoch); slot <= copy.Commit.Commit; slot++)
            target.Create(copy.Commit.Epoch, slot, _stores[copy.Store].Read(new CommitRef(copy.Commit.Epoch, slot)), CopyHealth.Missing);
        target.SetHealth(copy.Commit, CopyHealth.Verified);
        Send(new RunEvent.TipAdvanced(_now, epoch.Number, new StoreTip(ahead.Store, copy.Commit, copy.Step, _now), epoch.OwnCommits));
    }

    private void PassTime(TimeSpan time)
    {
        _now += time;
        Send(new RunEvent.Tick(_now));
    }

    private void Crash()
    {
        _effects.Clear();
        (_activations[0], _activations[1]) = (null, _random.Next(2) == 0 ? _activations[1] : null);
        Activate(0);
    }

    private void Fault()
    {
        var (member, _, store) = Places[_random.Next(Places.Length)];
        switch (_random.Next(5))
        {
            case 0:
                if (!_lost.Add(member))
                    _lost.Remove(member);
                break;
            case 1:
                _stores[store].Reached = !_stores[store].Reached;
                break;
            case 2:
                // A region goes: member and store together.
                _lost.Add(member);
                _stores[store].Reached = false;
                break;
            case 3:
                if (_stores[store].Slots.LastOrDefault(slot => slot.Commit is not null) is { Commit: { } newest } slot)
                    _stores[store].SetHealth(new CommitRef(newest.Epoch, slot.Key.Slot), CopyHealth.Corrupt);
                break;
            default:
                Prune(_stores[store]);
                break;
        }
    }

    private void Heal()
    {
        var (member, _, store) = Places[_random.Next(Places.Length)];
        _lost.Remove(member);
        _stores[store].Reached = true;
    }

    /// <summary>A trainer may delete its own files but those of its newest commit; other stores' copies are ours.</summary>
    private void Prune(StoreModel store)
    {
        foreach (var ((member, epoch), _) in _trainers.Where(trainer => Places.First(place => place.Member == trainer.Key.Member).Store == store.Name))
        {
            for (var slot = 0; slot < store.Slots.Count(one => one.Key.Epoch == epoch && one.Commit is not null) - 1; slot++)
                store.SetHealth(new CommitRef(epoch, slot), CopyHealth.Missing);
        }
    }

    /// <summary>An answer to something that nobody asked.</summary>
    private void Stray()
    {
        var strays = Sample.Events(Row with { Now = _now }).Where(stray => stray is not RunEvent.Tick and not RunEvent.CancelRequested and not RunEvent.WorkloadSucceeded
            and not RunEvent.Progressed and not RunEvent.TipAdvanced and not RunEvent.Surveyed and not RunEvent.Sealed and not RunEvent.Staged and not RunEvent.Pinned
            and not RunEvent.Placed).ToList();
        Send(strays[_random.Next(strays.Count)]);
    }

    /// <summary>Everything heals; within a bounded number of fair rounds the run must be done, or wait for a reason that is true.</summary>
    private void Calm()
    {
        _calm = true;
        _lost.Clear();
        foreach (var store in _stores.Values)
            store.Reached = true;
        _activations[1] = null;
        for (var round = 0; round < CalmRounds && Violations.Count == 0 && !Row.IsTombstone; round++)
        {
            PassTime(TimeSpan.FromSeconds(5));
            Plan(Row);
            Train();
            LookAfter();
            if (Row.Waiting is { Reason: WaitReason.RetriesExhausted or WaitReason.NoGoodCheckpoint })
                Send(new RunEvent.RetryRequested(_now, "ann", FromNothing: round > CalmRounds / 2));
            if (_trainers.GetValueOrDefault((Row.Epoch?.Target.Member ?? "", Row.EpochNumber)) is { Alive: false, Finished: false } && round % 10 == 0)
                Send(new RunEvent.WorkloadFailed(_now, Row.EpochNumber, 1, "dead"));
            while (_messages.Count > 0 && Violations.Count == 0)
                DeliverOne();
            for (var i = _effects.Count * 2; i > 0 && Violations.Count == 0; i--)
                PerformOne();
        }
        if (!Row.IsTombstone && Violations.Count == 0)
            Violate($"it does not come to rest: {Row.Step}, {Row.Waiting?.Reason}: {Row.Waiting?.Detail}");
    }

    // Judging.

    /// <summary>No step before the fence outlives its limit, and the fence does not in silence.</summary>
    private void JudgeTime(RunState row, DateTimeOffset at)
    {
        TimeSpan? limit = row.Step switch
        {
            RunStep.Planned => _policy.ReserveLimit,
            RunStep.Reserved => _policy.SurveyLimit,
            RunStep.Fenced when row.Overdue is null => _policy.SealLimit,
            _ => null,
        };
        var failures = row.Distrusted.Where(distrust => distrust.Member == row.Move?.Target.Member).Select(distrust => distrust.Count).Append(row.Overruns).Max();
        if (limit * Math.Pow(2, Math.Min(failures, 6)) <= at - row.StepSince)
            Violate($"{row.Step} goes on for {at - row.StepSince} and nobody is told");
    }

    /// <summary>Once in its period, and at no cost to its retries or to the trust in its member.</summary>
    private void JudgePreemption(RunState before, RunState next)
    {
        Preemptions++;
        if (before.LastPreemptedAt + _policy.PreemptPeriod > next.LastPreemptedAt)
            Violate($"preempted at {next.LastPreemptedAt:HH:mm:ss} though it was at {before.LastPreemptedAt:HH:mm:ss}");
        if (next.Retries != before.Retries || next.Distrusted.Length != before.Distrusted.Length || next.Step != RunStep.Waiting || next.EpochNumber != before.EpochNumber)
            Violate($"a preemption cost it more than its place: {next.Step}, {next.Retries}");
    }

    private void JudgeResume(RunState before, RunState next)
    {
        var resumed = next.Epoch!.ResumeFrom;
        var chain = Chain.Of(_rows.GetRange(0, _rows.Count - 1), _stores.Values);
        var chosen = resumed is null ? -1 : chain.ToList().FindIndex(link => link.Ref == resumed);
        if (resumed is not null && chosen < 0)
            Violate($"epoch {next.EpochNumber} resumes from {resumed}, which is not of the lineage");
        if (resumed is { } from && _forged.Contains(from))
            Violate($"epoch {next.EpochNumber} resumes from {resumed}, which is forged");
        var best = chain.ToList().FindLastIndex(link => !_forged.Contains(link.Ref) && _sound.Any(copy => copy.Commit == link.Ref && !next.BadCopies.Contains(copy)));
        if (chosen < best && !(resumed is null && before.StartFromNothing))
            Violate($"epoch {next.EpochNumber} resumes from {resumed?.ToString() ?? "nothing"} though {chain[best].Ref} was good and in reach");
    }

    /// <summary>Each commit of the final lineage descends, by what its trainer had in memory, from the one before.</summary>
    private void JudgeLineage()
    {
        string? parent = null;
        foreach (var link in Chain.Of(_rows, _stores.Values))
        {
            var commit = link.Commit;
            if (!_forged.Contains(link.Ref) && commit.Provenance != Provenance.Compute(Sample.Uid, parent, commit.Epoch, commit.Attempt, commit.Nonce, commit.ResumedFrom, commit.Step))
                Violate($"{link.Ref} was not trained from the commit before it");
            parent = commit.Provenance;
        }
        foreach (var past in Row.Past.Where(past => past.Sealed && !_stores[past.Target.Store].IsSealed(past.Number)))
            Violate($"epoch {past.Number} is said to be sealed and is not");
    }

    private void Send(RunEvent happened, ImmutableArray<BadCopy>? sound = null) => _messages.Add((happened, sound ?? []));

    private void Violate(string what) => Violations.Add(what);
}
