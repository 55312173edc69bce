using System.IO.Compression;
using System.Text.Json;
using Failover.Domain.Placement.Solving;

namespace Failover.Benchmarks.Placement;

/// <summary>A problem and what its file calls it.</summary>
internal sealed record Instance(string Name, string Class, GangProblem Problem)
{
    /// <summary>A file, or the name of an instance to be generated. Throws <see cref="InvalidDataException"/> for what can't be read, or is no problem.</summary>
    public static Instance Load(string source)
    {
        if (File.Exists(source))
        {
            try
            {
                return InstanceFile.Read(source);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or ArgumentException or FormatException or KeyNotFoundException or InvalidOperationException)
            {
                throw new InvalidDataException($"{source}: {fault.Message}", fault);
            }
        }

        // A name of its own: the given bounds are of other instances.
        var text = Generator.Make(source);
        return new Instance($"own:{source}", text.Class, text.Build());
    }
}

/// <summary>Reads the instances' JSON, gzipped or not, without holding the document: at 20,000 runs it would be most of the memory.</summary>
internal static class InstanceFile
{
    public static Instance Read(string path)
    {
        var bytes = Load(path);
        var reader = new Utf8JsonReader(bytes.AsSpan());
        var builder = new GangProblemBuilder();
        string name = Path.GetFileName(path), kind = "";
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var property = reader.GetString();
            reader.Read();
            switch (property)
            {
                case "name": name = reader.GetString()!; break;
                case "class": kind = reader.GetString()!; break;
                case "regions": ReadObjects(ref reader, fields => builder.AddRegion(fields["ingestGB"])); break;
                case "groups": ReadObjects(ref reader, fields => builder.AddGroup(fields["maxGpusPerRegion"])); break;
                case "bins": ReadObjects(ref reader, fields => builder.AddBin((int)fields["region"], fields["gpus"], fields["gpus"], fields["gpus"], fields["wholeNodeGpus"])); break;
                case "runs": ReadRuns(ref reader, builder); break;
                default: reader.Skip(); break;
            }
        }

        return new Instance(name, kind, builder.Build());
    }

    /// <summary>Gangs below a whole node are 1, 2 or 4 GPUs on one node.</summary>
    public static int ChunkOf(int gpus, bool whole) => whole ? 8 : Math.Min(4, gpus & -gpus);

    private static byte[] Load(string path)
    {
        using var file = File.OpenRead(path);
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
        {
            var whole = new byte[file.Length];
            file.ReadExactly(whole);
            return whole;
        }

        // The last four bytes of a gzip file are its content's length.
        file.Seek(-4, SeekOrigin.End);
        Span<byte> length = stackalloc byte[4];
        file.ReadExactly(length);
        file.Seek(0, SeekOrigin.Begin);
        using var unzipped = new GZipStream(file, CompressionMode.Decompress);
        var content = new byte[BitConverter.ToInt32(length)];
        unzipped.ReadExactly(content);
        return content;
    }

    private static void ReadObjects(ref Utf8JsonReader reader, Action<Dictionary<string, long>> add)
    {
        var fields = new Dictionary<string, long>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            fields.Clear();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                fields[name] = reader.GetInt64();
            }

            add(fields);
        }
    }

    private static void ReadRuns(ref Utf8JsonReader reader, GangProblemBuilder builder)
    {
        var places = new List<(int Bin, long Value, long Ingest)>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            int gpus = 0, tier = 0, group = -1, home = -1;
            var whole = false;
            places.Clear();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                switch (name)
                {
                    case "gpus": gpus = reader.GetInt32(); break;
                    case "wholeNodes": whole = reader.GetBoolean(); break;
                    case "tier": tier = reader.GetInt32(); break;
                    case "group": group = reader.TokenType == JsonTokenType.Null ? -1 : reader.GetInt32(); break;
                    case "home": home = reader.TokenType == JsonTokenType.Null ? -1 : reader.GetInt32(); break;
                    case "candidates": ReadCandidates(ref reader, places); break;
                    default: reader.Skip(); break;
                }
            }

            builder.AddRun(gpus, ChunkOf(gpus, whole), tier, group, home);
            foreach (var (bin, value, ingest) in places)
                builder.AddCandidate(bin, value, ingest);
        }
    }

    private static void ReadCandidates(ref Utf8JsonReader reader, List<(int Bin, long Value, long Ingest)> places)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            var bin = reader.GetInt32();
            reader.Read();
            var value = reader.GetInt64();
            reader.Read();
            places.Add((bin, value, reader.GetInt64()));
            reader.Read();
        }
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (!reader.Read() || reader.TokenType != token)
            throw new InvalidDataException($"An instance begins with {token}.");
    }
}
