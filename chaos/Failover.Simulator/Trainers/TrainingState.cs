using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Failover.Simulator.Trainers;

/// <summary>All that training carries from step to step. Changed in place by <see cref="TrainingMath.Advance"/>; not thread-safe.</summary>
public sealed class TrainingState
{
    /// <summary>The checkpoint's file of weights.</summary>
    public const string WeightsFile = "weights.bin";

    /// <summary>The checkpoint's file of the optimiser's state.</summary>
    public const string OptimizerFile = "optimizer.bin";

    private const int HeaderBytes = 24;

    internal TrainingState(ulong seed, long step, double[] weights, double[] momentum) =>
        (Seed, Step, Weights, Momentum) = (seed, step, weights, momentum);

    /// <summary>Fixes the data, their order and the first weights.</summary>
    public ulong Seed { get; }

    /// <summary>Steps finished.</summary>
    public long Step { get; internal set; }

    internal double[] Weights { get; }

    internal double[] Momentum { get; }

    /// <summary>Lower-case hex SHA-256 of <see cref="WeightsBytes"/>: two equal ones were trained by the same steps.</summary>
    public string WeightsSha256() => Convert.ToHexStringLower(SHA256.HashData(WeightsBytes()));

    /// <summary>The content of weights.bin, little endian: magic, seed, step, then each weight as a double.</summary>
    public byte[] WeightsBytes() => Write("FOWEIGH1"u8, Weights);

    /// <summary>The content of optimizer.bin, laid out like weights.bin.</summary>
    public byte[] OptimizerBytes() => Write("FOMOMEN1"u8, Momentum);

    /// <summary>Reads both files; null where they are damaged, or not of one step and one seed.</summary>
    public static TrainingState? TryParse(ReadOnlySpan<byte> weights, ReadOnlySpan<byte> optimizer) =>
        Read("FOWEIGH1"u8, weights) is { } w && Read("FOMOMEN1"u8, optimizer) is { } m && (w.Seed, w.Step) == (m.Seed, m.Step)
            ? new(w.Seed, w.Step, w.Values, m.Values)
            : null;

    /// <summary>A copy that shares nothing.</summary>
    public TrainingState Clone() => new(Seed, Step, [.. Weights], [.. Momentum]);

    private byte[] Write(ReadOnlySpan<byte> magic, double[] values)
    {
        var bytes = new byte[HeaderBytes + (values.Length * sizeof(double))];
        magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Seed);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Step);
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(HeaderBytes + (i * sizeof(double))), values[i]);
        return bytes;
    }

    private static (ulong Seed, long Step, double[] Values)? Read(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != HeaderBytes + (TrainingMath.Parameters * sizeof(double)) || !bytes.StartsWith(magic)) return null;
        var values = new double[TrainingMath.Parameters];
        for (var i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(HeaderBytes + (i * sizeof(double)))..]);
        return (BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]), values);
    }
}
