using System.Globalization;

namespace Failover.Domain.Placement.Solving;

/// <summary>Reasons in words, for operators. Names of runs and bins, and what values and ingest are counted in, are the caller's.</summary>
public static class GangReasonText
{
    /// <summary>Why a run is not in the bin.</summary>
    public static string Of(BinReason reason, Func<int, string> nameOfRun, Func<int, string> nameOfBin) => $"{nameOfBin(reason.Bin)}: " + reason.Row switch
    {
        KeptOutBy.NotListed => "not allowed there, or not of a type that suits it",
        KeptOutBy.WorthNothing => "getting there would cost more than it is worth",
        KeptOutBy.TooSmall => string.Create(CultureInfo.InvariantCulture, $"needs {reason.Needs} GPUs, has {reason.Has} in all"),
        KeptOutBy.TooScattered => string.Create(CultureInfo.InvariantCulture, $"needs {reason.Needs} GPUs in chunks of its size, has {reason.Has} in such chunks"),
        KeptOutBy.Ingest => string.Create(CultureInfo.InvariantCulture, $"needs {reason.Needs} brought into the region, {reason.Has} are left{By(", most goes to ", reason, nameOfRun)}"),
        KeptOutBy.Spread => string.Create(CultureInfo.InvariantCulture, $"needs {reason.Needs} GPUs, its group may have {reason.Has} more in the region"),
        KeptOutBy.Outbid => string.Create(CultureInfo.InvariantCulture, $"outbid{By(" by ", reason, nameOfRun)}, worth {reason.Margin} more"),
        KeptOutBy.Nothing => "it would fit",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason.Row, "There is no such row."),
    };

    /// <summary>Why a run is where it is.</summary>
    public static string Of(PlaceReason reason, Func<int, string> nameOfBin) => reason.RunnerUp < 0
        ? string.Create(CultureInfo.InvariantCulture, $"{nameOfBin(reason.Bin)}: worth {reason.Value}; nowhere else would do")
        : string.Create(CultureInfo.InvariantCulture, $"{nameOfBin(reason.Bin)}: worth {reason.Value}; {reason.Margin} more, all told, than {nameOfBin(reason.RunnerUp)}");

    private static string By(string begin, BinReason reason, Func<int, string> nameOfRun) =>
        reason.By.IsEmpty ? "" : begin + string.Join(", ", reason.By.Select(nameOfRun));
}
