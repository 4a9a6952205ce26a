using System.Globalization;

namespace Phoenix.Domain;

/// <summary>How many hosts a step of a rollout ends with, as people write it: a number of hosts such as <c>1</c>, or a share of all such as <c>25%</c>.</summary>
public static class RolloutStages
{
    /// <summary>With how many of the hosts the stage ends; at least one, at most all. Null for what is no stage.</summary>
    public static int? End(string stage, int hosts)
    {
        var isShare = stage.EndsWith('%');
        return double.TryParse(isShare ? stage[..^1] : stage, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number > 0 && (isShare ? number <= 100 : number == Math.Floor(number))
                ? (int)Math.Clamp(isShare ? Math.Ceiling(hosts * number / 100) : number, 1, hosts)
                : null;
    }
}
