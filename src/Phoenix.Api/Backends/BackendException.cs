using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Backends;

/// <summary>A backend did not answer, or not with what was asked for.</summary>
/// <param name="status">As which the control plane answers: 502, or 504 where time ran out.</param>
/// <param name="code">Stable.</param>
public sealed class BackendException(int status, string code, string detail) : Exception(detail)
{
    public string Code => code;

    public IResult ToProblem() => Problems.Of(status, code, Message);
}
