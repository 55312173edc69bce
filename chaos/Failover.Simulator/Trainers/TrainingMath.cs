namespace Failover.Simulator.Trainers;

/// <summary>
/// The training itself: a two-layer network fitted by stochastic gradient descent with momentum to made-up data. Each step's batch comes from (seed, step)
/// alone and moves every weight, so a step that is lost, doubled or taken from another state shows in the last bit of the result. Only + - * / on
/// doubles, in one order: IEEE 754 fixes their results, which it does not for exp or tanh.
/// </summary>
public static class TrainingMath
{
    /// <summary>The number of weights, and of momenta.</summary>
    public const int Parameters = (Hidden * Inputs) + Hidden + Hidden + 1;

    private const int Inputs = 8;
    private const int Hidden = 12;
    private const int BatchSize = 4;
    // Small enough that momentum cannot drive the weights to overflow over millions of steps, large enough that 100 steps visibly learn.
    private const double LearningRate = 0.02;
    private const double MomentumShare = 0.9;
    private const int BiasStart = Hidden * Inputs;
    private const int OutputStart = BiasStart + Hidden;
    private const int OutputBias = OutputStart + Hidden;

    /// <summary>The state before the first step.</summary>
    public static TrainingState Start(ulong seed)
    {
        var stream = SplitMix64.For(seed, -1); // No step has this index.
        var weights = new double[Parameters];
        for (var i = 0; i < Parameters; i++) weights[i] = stream.NextSigned() * 0.5;
        return new TrainingState(seed, 0, weights, new double[Parameters]);
    }

    /// <summary>Trains <paramref name="steps"/> steps on from a copy of <paramref name="from"/>, or from the start.</summary>
    public static TrainingState Run(ulong seed, TrainingState? from, long steps)
    {
        var state = from?.Clone() ?? Start(seed);
        if (state.Seed != seed) throw new ArgumentException($"The state is of seed {state.Seed}, not {seed}.", nameof(from));
        for (var i = 0L; i < steps; i++) Advance(state);
        return state;
    }

    /// <summary>SHA-256 of the weights that <paramref name="steps"/> undisturbed steps end with, as <see cref="TrainingState.WeightsSha256"/> gives it.</summary>
    public static string Reference(ulong seed, long steps) => Run(seed, from: null, steps).WeightsSha256();

    /// <summary>One optimiser step, in place.</summary>
    public static void Advance(TrainingState state)
    {
        var stream = SplitMix64.For(state.Seed, state.Step);
        Span<double> gradient = stackalloc double[Parameters];
        Span<double> input = stackalloc double[Inputs];
        gradient.Clear();
        for (var sample = 0; sample < BatchSize; sample++)
        {
            for (var i = 0; i < Inputs; i++) input[i] = stream.NextSigned();
            var target = (input[0] * input[1]) - (input[2] * input[3]) + (0.5 * input[4]) + (0.1 * stream.NextSigned());
            AddGradient(state.Weights, input, target, gradient);
        }

        for (var i = 0; i < Parameters; i++)
        {
            state.Momentum[i] = (MomentumShare * state.Momentum[i]) + (gradient[i] / BatchSize);
            state.Weights[i] -= LearningRate * state.Momentum[i];
        }

        state.Step++;
    }

    /// <summary>Mean squared error over fresh samples: for a look at whether it learns.</summary>
    public static double Loss(TrainingState state, int samples)
    {
        var stream = SplitMix64.For(state.Seed, -2);
        Span<double> input = stackalloc double[Inputs];
        Span<double> activity = stackalloc double[Hidden];
        var sum = 0.0;
        for (var sample = 0; sample < samples; sample++)
        {
            for (var i = 0; i < Inputs; i++) input[i] = stream.NextSigned();
            var error = Forward(state.Weights, input, activity) - ((input[0] * input[1]) - (input[2] * input[3]) + (0.5 * input[4]));
            sum += error * error;
        }

        return sum / samples;
    }

    // Softsign, x / (1 + |x|): an S-shaped activation that needs division only.
    private static double Forward(ReadOnlySpan<double> weights, ReadOnlySpan<double> input, Span<double> activity)
    {
        var output = weights[OutputBias];
        for (var h = 0; h < Hidden; h++)
        {
            var sum = weights[BiasStart + h];
            for (var i = 0; i < Inputs; i++) sum += weights[(h * Inputs) + i] * input[i];
            activity[h] = sum / (1.0 + (sum < 0 ? -sum : sum));
            output += weights[OutputStart + h] * activity[h];
        }

        return output;
    }

    private static void AddGradient(ReadOnlySpan<double> weights, ReadOnlySpan<double> input, double target, Span<double> gradient)
    {
        Span<double> activity = stackalloc double[Hidden];
        var error = Forward(weights, input, activity) - target;
        gradient[OutputBias] += error;
        for (var h = 0; h < Hidden; h++)
        {
            gradient[OutputStart + h] += error * activity[h];
            // The derivative of softsign is (1 - |softsign|)^2.
            var slack = 1.0 - (activity[h] < 0 ? -activity[h] : activity[h]);
            var back = error * weights[OutputStart + h] * slack * slack;
            gradient[BiasStart + h] += back;
            for (var i = 0; i < Inputs; i++) gradient[(h * Inputs) + i] += back * input[i];
        }
    }
}
