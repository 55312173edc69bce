using System.CommandLine;
using System.Globalization;
using Failover.Protocol.V1;

namespace Failover.Cli;

/// <summary><c>failover brake ...</c></summary>
internal static class BrakeCommands
{
    public static Command Make(GlobalOptions options)
    {
        var show = new Command("show", "Shows whether involuntary moves are held, and what was permitted lately.");
        show.SetAction(options.Action(async session =>
        {
            var brake = await session.Brake.ShowAsync(new ShowBrakeRequest(), session.Call);
            return session.Print(brake, page => Show(page, brake));
        }));
        var release = new Command("release", "Lets pass all that is displaced by now. Asks first.");
        release.SetAction(options.Action(async session =>
        {
            session.Confirm("Release the brake? All that is displaced by now will be moved.");
            var brake = await session.Brake.ReleaseAsync(new ReleaseBrakeRequest { By = session.By }, session.Call);
            return session.Print(brake, page => Show(page, brake));
        }));
        return new Command("brake", "The brake on mass failover.") { show, release };
    }

    // A silo of before the shares were told says nothing of the window.
    private static string Charged(BrakeView brake) => brake.Window is null ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{brake.GpusCharged} GPUs and {brake.RunsCharged} runs in {brake.RegionsCharged.Count} regions within {brake.Window.ToTimeSpan().TotalMinutes:0.#} min");

    private static string Limit(BrakeView brake) => brake.Window is null ? "" : string.Create(
        CultureInfo.InvariantCulture, $"one whole region, or {100 * brake.GpuShareMax:0.#} % of GPUs and {100 * brake.RunShareMax:0.#} % of runs");

    private static void Show(Page page, BrakeView brake)
    {
        page.Facts(
            ("brake", brake.Held ? $"HELD for {Printable.Age(brake.HeldSince, page.Time)}" : "open"),
            ("because", brake.HeldBecause),
            ("charged", Charged(brake)),
            ("limit", Limit(brake)),
            ("next", brake.Held ? "Check the members; if they are lost in truth, 'failover brake release'." : ""),
            ("released", brake.ReleasedBy.Length > 0 ? $"by {brake.ReleasedBy} at {Printable.Time(brake.ReleasedAt)}" : ""));
        page.Table(
            "Permits", ["RUN", "EPOCH", "REGION", "GPUS", "AGE", "CHARGED"],
            brake.Permits.Select(permit => (string[])
            [
                permit.RunUid, permit.Epoch.ToString(CultureInfo.InvariantCulture), permit.Region, permit.Gpus.ToString(CultureInfo.InvariantCulture),
                Printable.Age(permit.At, page.Time), permit.Charged ? "yes" : "no",
            ]));
    }
}
