using System.Text.Json;
using Failover.Abstractions.State;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Failover.Storage.Orleans;

/// <summary>
/// Orleans' grain storage over the conditional table: partition <c>grain/{stateName}</c>, row the grain's key, payload by <see cref="StateJson"/>. The
/// grain's type is not part of the key, so that a renamed grain finds its state again; hence one state name belongs to one type of grain.
/// </summary>
/// <remarks>
/// A write against another ETag throws <see cref="InconsistentStateException"/>, one whose outcome is unknown <see cref="StorageUnknownException"/>, one that the
/// store did not take <see cref="TableUnavailableException"/>. A row that is no such state throws <see cref="UnreadableRowException"/>. A cleared state leaves no row.
/// </remarks>
internal sealed class ConditionalTableGrainStorage(IConditionalTable table, IActivatorProvider activators) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var (partition, key) = Address(stateName, grainId);
        var row = await table.ReadAsync(partition, key, cancellationToken);
        if (row is null)
        {
            SetAbsent(grainState);
            return;
        }

        grainState.State = Parse<T>(row);
        grainState.ETag = row.ETag;
        grainState.RecordExists = true;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var (partition, key) = Address(stateName, grainId);
        var payload = StateJson.Write(grainState.State);
        TableWrite write = grainState.ETag is { } etag ? new TableWrite.Replace(key, payload, etag) : new TableWrite.Insert(key, payload);
        var result = await table.WriteAsync(partition, [write], cancellationToken);
        Require(result.Outcome, partition, key, grainState.ETag);
        grainState.ETag = result.ETags[0];
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var (partition, key) = Address(stateName, grainId);
        var outcome = grainState.ETag is { } etag
            ? (await table.WriteAsync(partition, [new TableWrite.Delete(key, etag)], cancellationToken)).Outcome
            : await ConfirmAbsentAsync(partition, key, cancellationToken);
        Require(outcome, partition, key, grainState.ETag);
        SetAbsent(grainState);
    }

    /// <summary>Who clears without an ETag holds that there is no row; nothing need be written, but it must be so.</summary>
    private async Task<WriteOutcome> ConfirmAbsentAsync(string partition, string key, CancellationToken cancellationToken) =>
        await table.ReadAsync(partition, key, cancellationToken) is null ? WriteOutcome.Written : WriteOutcome.Conflict;

    private static (string Partition, string Row) Address(string stateName, GrainId grainId) => ($"grain/{stateName}", $"{grainId.Key}");

    private static T Parse<T>(TableRow row)
    {
        try
        {
            return StateJson.Read<T>(row.Payload);
        }
        catch (JsonException exception)
        {
            throw new UnreadableRowException($"The row {row.Row} of {row.Partition}, written by {row.WriterId}, is no {typeof(T)}: {exception.Message}", exception);
        }
    }

    private static void Require(WriteOutcome outcome, string partition, string key, string? etag)
    {
        switch (outcome)
        {
            case WriteOutcome.Written:
                return;
            case WriteOutcome.Conflict:
                throw new InconsistentStateException($"The row {key} of {partition} was changed by somebody else.", storedEtag: null, currentEtag: etag);
            default:
                throw new StorageUnknownException($"Whether the row {key} of {partition} was written is unknown.");
        }
    }

    private void SetAbsent<T>(IGrainState<T> grainState)
    {
        grainState.State = activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }
}
