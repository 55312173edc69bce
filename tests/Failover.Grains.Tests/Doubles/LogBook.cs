using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Failover.Grains.Tests.Doubles;

/// <summary>What our grains and observers logged.</summary>
internal sealed class LogBook : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = [];

    public IEnumerable<string> At(LogLevel level) => _lines.Where(line => line.Level == level).Select(line => line.Text);

    public ILogger CreateLogger(string categoryName) => new Writer(categoryName.StartsWith("Failover.", StringComparison.Ordinal) ? _lines : null);

    public void Dispose()
    {
        // It outlives the silos that write to it.
    }

    private sealed class Writer(ConcurrentQueue<(LogLevel Level, string Text)>? lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => lines is not null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines?.Enqueue((logLevel, formatter(state, exception)));
    }
}
