using Failover.Silo.Api;

namespace Failover.Silo.Tests.Api;

public sealed class ApiBindingTests
{
    [Theory]
    [InlineData("http://127.0.0.1:7070")]
    [InlineData("https://127.1.2.3:0")]
    [InlineData("http://[::1]:7070")]
    [InlineData("http://localhost:7070;http://LOCALHOST:7071")]
    [InlineData("")]
    public void Validate_Loopback_IsAllowed(string urls) => ApiBinding.Validate([urls]);

    [Theory]
    [InlineData("http://0.0.0.0:7070")]
    [InlineData("http://[::]:7070")]
    [InlineData("http://*:7070")]
    [InlineData("http://+:7070")]
    [InlineData("http://10.1.2.3:7070")]
    [InlineData("http://silo.example.com:7070")]
    [InlineData("http://localhost.example.com:7070")]
    [InlineData("http://127.0.0.1.example.com:7070")]
    [InlineData("http://127.0.0.1:7070; http://10.0.0.1:7070")]
    [InlineData("http://unix:/tmp/silo.sock")]
    [InlineData("7070")]
    public void Validate_AnythingElse_IsRefusedByName(string urls)
    {
        var fault = Assert.Throws<InvalidOperationException>(() => ApiBinding.Validate([urls]));
        Assert.Contains(urls.Split(';')[^1].Trim(), fault.Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:7070", fault.Message, StringComparison.Ordinal);
    }
}
