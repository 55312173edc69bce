using System.Reflection;
using Failover.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace Failover.Silo.Tests.Hosting;

/// <summary>That every option has a range, that the defaults keep to theirs, and that docs/operations.md says the same.</summary>
public sealed class SettingTableTests
{
    public static TheoryData<string> Sections => [.. SettingTable.Sections.Select(section => section.Path)];

    [Theory]
    [MemberData(nameof(Sections))]
    public void Section_EachNumberAndDuration_HasARangeAndADefaultInIt(string section)
    {
        var type = SettingTable.Sections.Single(known => known.Path == section).Type;

        var numbers = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.PropertyType == typeof(TimeSpan) || property.PropertyType.IsPrimitive || property.PropertyType.IsEnum).Select(property => property.Name);
        Assert.Equal(numbers, Setting.Of(type).Select(setting => setting.Name));
        Assert.All(Setting.Of(type), setting => Assert.True(setting.Range.IsValid(setting.Default), setting.Name));
    }

    [Fact]
    public void Check_NothingWritten_FindsNoFault() => SettingTable.Check(new ConfigurationBuilder().Build());

    [Theory]
    [MemberData(nameof(Sections))]
    public void Operations_Table_AgreesWithTheCode(string section)
    {
        var lines = File.ReadAllLines(Page());
        var start = Array.FindIndex(lines, line => line.StartsWith($"`{section}`", StringComparison.Ordinal));
        Assert.True(start >= 0, $"docs/operations.md has no table of {section}.");
        var rows = lines.Skip(start).SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')).Skip(2)
            .Select(line => string.Join(" | ", line.Split('|').Skip(1).Take(3).Select(cell => cell.Trim())));

        var type = SettingTable.Sections.Single(known => known.Path == section).Type;
        Assert.Equal(
            Setting.Of(type).Select(setting => $"`{setting.Name}` | {Setting.Text(setting.Default)} | {SettingTable.RangeText(section, setting)}"),
            rows);
    }

    private static string Page()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var page = Path.Combine(folder.FullName, "docs", "operations.md");
            if (File.Exists(page))
                return page;
        }
        throw new FileNotFoundException("docs/operations.md is not above the tests' binaries.");
    }
}
