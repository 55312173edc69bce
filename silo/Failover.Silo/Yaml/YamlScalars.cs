using System.Globalization;
using System.Text.Json.Nodes;

namespace Failover.Silo.Yaml;

/// <summary>What a plain scalar means by YAML 1.2's core schema: <c>no</c>, <c>on</c> and <c>1_000</c> are texts, <c>010</c> is ten.</summary>
internal static class YamlScalars
{
    /// <summary>The value; <see langword="null"/> both for a null and, with <paramref name="objection"/>, for what JSON can't hold.</summary>
    public static JsonNode? Read(string text, out string? objection)
    {
        objection = null;
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE":
                return JsonValue.Create(false);
        }
        if (TryWhole(text, out var whole))
            return JsonValue.Create(whole);
        if (TryReal(text, out var real))
            return JsonValue.Create(real);
        if (text.TrimStart('+', '-') is ".inf" or ".Inf" or ".INF" || text is ".nan" or ".NaN" or ".NAN" || LooksLikeNumber(text))
            objection = $"{text} is beyond what numbers hold here; write a number, or a text in quotes";
        return JsonValue.Create(text);
    }

    private static bool TryWhole(string text, out long whole)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out whole);
        if (text.StartsWith("0o", StringComparison.Ordinal))
            return TryOctal(text.AsSpan(2), out whole);
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole);
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out long whole)
    {
        whole = 0;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7' || whole > long.MaxValue >> 3)
                return false;
            whole = (whole << 3) + (digit - '0');
        }
        return digits.Length > 0;
    }

    private static bool TryReal(string text, out double real)
    {
        real = 0;
        return LooksLikeNumber(text)
            && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out real)
            && double.IsFinite(real);
    }

    // What double.TryParse takes beyond the schema (names of infinities) never begins with a digit or a point.
    private static bool LooksLikeNumber(string text)
    {
        var body = text.AsSpan(text[0] is '+' or '-' ? 1 : 0);
        return body.IndexOfAnyInRange('0', '9') is 0 or 1
            && (char.IsAsciiDigit(body[0]) || body[0] == '.')
            && double.TryParse(body, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out _);
    }
}
