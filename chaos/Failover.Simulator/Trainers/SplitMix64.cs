namespace Failover.Simulator.Trainers;

/// <summary>
/// A stream of pseudo-random numbers that is the same on every machine. Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
/// </summary>
internal struct SplitMix64(ulong state)
{
    private ulong _state = state;

    /// <summary>The stream of item <paramref name="index"/> of a <paramref name="seed"/>; mixed twice, so that neighbouring streams share nothing.</summary>
    public static SplitMix64 For(ulong seed, long index) => new(Mix(Mix(seed) ^ (ulong)index));

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    /// <summary>The next number from -1 (included) to 1 (excluded), a multiple of 2^-52.</summary>
    public double NextSigned() => (Next() >> 11) * (1.0 / (1UL << 52)) - 1.0;

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
