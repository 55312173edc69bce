using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;
using Failover.Domain.Documents;
using Failover.Silo.Yaml;

namespace Failover.Silo.Tests.Yaml;

public sealed class YamlReaderTests
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("a: 1", """{"a":1}""")]
    [InlineData("a: [1, 2.5, -3, +4]", """{"a":[1,2.5,-3,4]}""")]
    [InlineData("a: {b: c}", """{"a":{"b":"c"}}""")]
    [InlineData("a: 0x1F\nb: 0o17\nc: 017", """{"a":31,"b":15,"c":17}""")]
    [InlineData("a: 1e3\nb: .5\nc: 5.", """{"a":1000,"b":0.5,"c":5}""")]
    [InlineData("a: true\nb: False", """{"a":true,"b":false}""")]
    [InlineData("a: yes\nb: on\nc: 1_000\nd: 12:30", """{"a":"yes","b":"on","c":"1_000","d":"12:30"}""")]
    [InlineData("a: ~\nb:\nc: null", """{"a":null,"b":null,"c":null}""")]
    [InlineData("a: \"1\"\nb: 'true'\nc: !!str 7", """{"a":"1","b":"true","c":"7"}""")]
    [InlineData("a: |\n  x\n  y\n", """{"a":"x\ny\n"}""")]
    [InlineData("1: x\ntrue: y", """{"1":"x","true":"y"}""")]
    [InlineData("a: &x [1]\nb: *x", """{"a":[1],"b":[1]}""")]
    [InlineData("<<: {a: 1}", """{"<<":{"a":1}}""")]
    [InlineData("{\"a\": [null, \"b\"]}", """{"a":[null,"b"]}""")]
    [InlineData("# nothing but this\n---\n- a\n- b: c\n", """["a",{"b":"c"}]""")]
    [InlineData("a: 0x\nb: 0o8\nc: '.'\nd: .\ne: +", """{"a":"0x","b":"0o8","c":".","d":".","e":"+"}""")]
    [InlineData("a: 99999999999999999999", """{"a":1E+20}""")]
    public void Read_WellFormed_IsItsJson(string text, string json)
    {
        var result = YamlReader.Read(text);

        Assert.Empty(result.Faults);
        Assert.Equal(json, result.Document!.ToJsonString(Plain));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# a comment")]
    [InlineData("~")]
    public void Read_Nothing_IsANullDocument(string text) => Assert.Equal(new YamlResult(null, []), YamlReader.Read(text));

    [Theory]
    [InlineData("a: 1\nb: 2\na: 3", "line 3", "a is written twice, first in line 1; remove one")]
    [InlineData("x:\n  - {b: 1, b: 2}", "line 2", "b is written twice, first in line 2; remove one")]
    [InlineData("a: 1\n---\nb: 2", "line 2", "a second document begins here; write one document")]
    [InlineData("a: *x", "line 1", "*x leads nowhere, or to what it is part of; define &x before")]
    [InlineData("a: &x [*x]", "line 1", "*x leads nowhere, or to what it is part of; define &x before")]
    [InlineData("a: !!int 7", "line 1", "tags are not read here; remove it")]
    [InlineData("a: !thing {}", "line 1", "tags are not read here; remove it")]
    [InlineData("[a]: b", "line 1", "a field's name has to be a text")]
    [InlineData("a: .inf", "line 1", ".inf is beyond what numbers hold here; write a number, or a text in quotes")]
    [InlineData("a: -.INF", "line 1", "-.INF is beyond what numbers hold here; write a number, or a text in quotes")]
    [InlineData("a: .nan", "line 1", ".nan is beyond what numbers hold here; write a number, or a text in quotes")]
    [InlineData("a: 1e999", "line 1", "1e999 is beyond what numbers hold here; write a number, or a text in quotes")]
    public void Read_Fault_IsToldWithItsLine(string text, string path, string message) =>
        Assert.Equal(new Fault(path, message), Assert.Single(YamlReader.Read(text).Faults));

    [Theory]
    [InlineData("a: [1, 2")]
    [InlineData("a: b: c")]
    [InlineData("a: \"\\q\"")]
    [InlineData("? {%-* >%\n@|&")]
    [InlineData("a: @x")]
    [InlineData("%YAML 9.9\n---\na")]
    public void Read_NoYaml_IsAFaultWithALine(string text) => Assert.StartsWith("line ", Assert.Single(YamlReader.Read(text).Faults).Path, StringComparison.Ordinal);

    [Fact]
    public void Read_SeveralFieldsTwice_AreAllFaults() => Assert.Equal(2, YamlReader.Read("a: 1\na: 2\nb: 1\nb: 2").Faults.Length);

    [Fact]
    public void Read_BillionLaughs_IsRefusedBeforeItIsLarge()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 12; level++)
            text.Append($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n");

        Assert.Contains("holds more than 100000 values", Assert.Single(YamlReader.Read(text.ToString()).Faults).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    [InlineData(20_000, false)]
    public void Read_Nested_IsReadToALimit(int depth, bool isRead)
    {
        // The innermost list is empty, so that the lists alone make the depth.
        var result = YamlReader.Read(new string('[', depth) + new string(']', depth));

        Assert.Equal(isRead, result.Faults.IsEmpty);
    }

    [Fact]
    public void Read_NestedByAnchors_IsReadToTheSameLimit()
    {
        var text = new StringBuilder("- &a0 []\n");
        for (var level = 1; level < 100; level++)
            text.Append($"- &a{level} [*a{level - 1}]\n");

        Assert.Contains("is nested deeper", Assert.Single(YamlReader.Read(text.ToString()).Faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooLong_IsAFault() => Assert.Equal("$", Assert.Single(YamlReader.Read(new string('#', YamlReader.TextBytesMax + 1)).Faults).Path);

    [Fact]
    public void Read_AnyText_NeverThrows() =>
        Gen.OneOf(Gen.String, Gen.Char[" \n\t-:[]{}&*!|>'\"%@`#,?a1.~\0\u0085\uFEFF"].Array[0, 40].Select(chars => new string(chars)))
            .Sample(text => YamlReader.Read(text).Faults.All(fault => !fault.ToString().Any(char.IsControl)), iter: 10_000);
}
