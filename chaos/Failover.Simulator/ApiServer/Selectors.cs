namespace Failover.Simulator.ApiServer;

/// <summary>Label and field selectors, in the forms that the real server reads.</summary>
internal static class Selectors
{
    /// <summary>Both selectors at once; throws a 400 if one does not parse.</summary>
    public static Func<StoredObject, bool> Parse(string? labels, string? fields)
    {
        var requirements = string.IsNullOrEmpty(labels) ? [] : new LabelParser(labels).ParseAll();
        var terms = string.IsNullOrEmpty(fields) ? [] : fields.Split(',').Select(ParseField).ToList();
        if (requirements.Count == 0 && terms.Count == 0)
            return static _ => true;
        return o => requirements.TrueForAll(r => r(o.Labels)) && terms.TrueForAll(t => t(o));
    }

    private static Func<StoredObject, bool> ParseField(string term)
    {
        var (key, isEqual, value) = SplitField(term);
        Func<StoredObject, string> read = key switch
        {
            "metadata.name" => o => o.Name,
            "metadata.namespace" => o => o.Namespace,
            "spec.nodeName" => o => o.Pod.NodeName,
            "status.phase" => o => o.Pod.Phase,
            "spec.unschedulable" => o => o.Tree.Obj("spec").Bool("unschedulable") == true ? "true" : "false",
            "status.successful" => o => (o.Tree.Obj("status").Int("succeeded") ?? 0).ToString(),
            _ => throw ApiException.BadRequest($"Unable to find a field label \"{key}\": field label not supported: {key}"),
        };
        return o => (read(o) == value) == isEqual;
    }

    private static (string Key, bool IsEqual, string Value) SplitField(string term)
    {
        foreach (var (sign, isEqual) in new[] { ("!=", false), ("==", true), ("=", true) })
        {
            var at = term.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0)
                return (term[..at].Trim(), isEqual, term[(at + sign.Length)..].Trim());
        }

        throw ApiException.BadRequest($"invalid selector: '{term}'; can't understand '{term}'");
    }

    /// <summary>Reads <c>a=b, c!=d, e in (f,g), h notin (i), j, !k</c>.</summary>
    private sealed class LabelParser(string text)
    {
        private int _at;

        public List<Func<IReadOnlyDictionary<string, string>, bool>> ParseAll()
        {
            var all = new List<Func<IReadOnlyDictionary<string, string>, bool>>();
            do
                all.Add(ParseOne());
            while (TryTake(","));
            return _at == text.Length ? all : throw Unexpected("',' or end of input");
        }

        private Func<IReadOnlyDictionary<string, string>, bool> ParseOne()
        {
            if (TryTake("!"))
            {
                var absent = Word();
                return labels => !labels.ContainsKey(absent);
            }

            var key = Word();
            if (TryTake("!="))
                return In(key, [Value()], negate: true);
            if (TryTake("==") || TryTake("="))
                return In(key, [Value()], negate: false);
            if (TryTakeWord("notin"))
                return In(key, Values(), negate: true);
            if (TryTakeWord("in"))
                return In(key, Values(), negate: false);
            return labels => labels.ContainsKey(key);
        }

        private static Func<IReadOnlyDictionary<string, string>, bool> In(string key, IReadOnlyList<string> values, bool negate) =>
            labels => labels.TryGetValue(key, out var value) ? values.Contains(value, StringComparer.Ordinal) != negate : negate;

        private List<string> Values()
        {
            if (!TryTake("("))
                throw Unexpected("'('");
            var values = new List<string>();
            do
                values.Add(Value());
            while (TryTake(","));
            return TryTake(")") ? values : throw Unexpected("',', or ')'");
        }

        // A value may be empty, a key may not.
        private string Value()
        {
            SkipSpace();
            return _at == text.Length || text[_at] is ',' or ')' ? "" : Word();
        }

        private string Word()
        {
            SkipSpace();
            var from = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '-' or '_' or '.' or '/'))
                _at++;
            return _at > from ? text[from.._at] : throw Unexpected("identifier");
        }

        private bool TryTake(string sign)
        {
            SkipSpace();
            if (string.CompareOrdinal(text, _at, sign, 0, sign.Length) != 0)
                return false;
            _at += sign.Length;
            return true;
        }

        private bool TryTakeWord(string word)
        {
            SkipSpace();
            var end = _at + word.Length;
            return end < text.Length && text[end] is ' ' or '(' && TryTake(word);
        }

        private void SkipSpace()
        {
            while (_at < text.Length && text[_at] == ' ')
                _at++;
        }

        private ApiException Unexpected(string expected)
        {
            var found = _at < text.Length ? text[_at].ToString() : "";
            return ApiException.BadRequest($"unable to parse requirement: found '{found}', expected: {expected}");
        }
    }
}
