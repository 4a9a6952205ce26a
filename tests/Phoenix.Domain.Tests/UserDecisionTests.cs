using CsCheck;
using Phoenix.Domain.Users;

namespace Phoenix.Domain.Tests;

public sealed class UserDecisionTests
{
    static readonly Member Ada = new(Guid.NewGuid(), "Ada", Roles.Admin, false);
    static readonly Member Olga = new(Guid.NewGuid(), "Olga", Roles.Operator, false);
    static readonly DateTimeOffset Later = Given.Now.AddDays(7);

    [Theory]
    [InlineData(Roles.Viewer, Roles.Viewer, true)]
    [InlineData(Roles.Viewer, Roles.Operator, false)]
    [InlineData(Roles.Viewer, Roles.Admin, false)]
    [InlineData(Roles.Operator, Roles.Viewer, true)]
    [InlineData(Roles.Operator, Roles.Operator, true)]
    [InlineData(Roles.Operator, Roles.Admin, false)]
    [InlineData(Roles.Admin, Roles.Viewer, true)]
    [InlineData(Roles.Admin, Roles.Admin, true)]
    [InlineData("owner", Roles.Viewer, false)]
    [InlineData("owner", "owner", false)]
    [InlineData("", Roles.Viewer, false)]
    [InlineData(null, Roles.Viewer, false)]
    public void a_role_may_do_what_lower_ones_may_and_an_unknown_one_nothing(string? role, string needed, bool may) =>
        Roles.Suffices(role, needed).ShouldBe(may);

    [Fact]
    public void a_user_has_a_name_of_their_own_and_a_known_role()
    {
        UserDecisions.Register([Ada], "Olga", Roles.Operator).Events.ShouldBe([new UserRegistered(Roles.Operator)]);
        foreach (var name in (string?[])[null, "", " ", " Olga", "Ol\nga", new('x', UserDecisions.MaxNameLength + 1)])
            UserDecisions.Register([Ada], name, Roles.Viewer).Rejection!.Code.ShouldBe("name-invalid");
        UserDecisions.Register([Ada], "ADA", Roles.Viewer).Rejection!.Code.ShouldBe("name-taken");
        foreach (var role in (string?[])[null, "", "Admin", "owner"])
            UserDecisions.Register([Ada], "Olga", role).Rejection!.Code.ShouldBe("role-invalid");
    }

    [Fact]
    public void what_is_so_already_changes_nothing()
    {
        UserDecisions.ChangeRole([Ada, Olga], Olga, Roles.Operator).ShouldBe(Decision.Nothing);
        UserDecisions.Disable([Ada, Olga], Olga with { Disabled = true }).ShouldBe(Decision.Nothing);
        UserDecisions.Enable(Olga).ShouldBe(Decision.Nothing);
        UserDecisions.EraseName(Olga with { Name = "" }).ShouldBe(Decision.Nothing);
    }

    [Fact]
    public void a_disabled_user_gets_no_secret_until_they_are_enabled()
    {
        UserDecisions.IssueSecret(Olga with { Disabled = true }, Later).Rejection!.Code.ShouldBe("user-disabled");
        UserDecisions.IssueSecret(Olga, Later).Events.ShouldBe([new OneTimeSecretIssued(Later)]);
        UserDecisions.Enable(Olga with { Disabled = true }).Events.ShouldBe([new UserEnabled()]);
    }

    [Fact]
    public void a_disabled_admin_does_not_count_as_one()
    {
        Member[] all = [Ada, Olga with { Role = Roles.Admin, Disabled = true }];
        UserDecisions.Disable(all, Ada).Rejection!.Code.ShouldBe("last-admin");
        UserDecisions.ChangeRole(all, Ada, Roles.Operator).Rejection!.Code.ShouldBe("last-admin");
    }

    /// <summary>Any users, any orders, in any sequence.</summary>
    [Fact]
    public void whatever_is_ordered_somebody_can_administer() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[0, 2]).Array[0, 40].Sample(orders =>
        {
            List<Member> all = [Ada, Olga, new(Guid.NewGuid(), "Vera", Roles.Viewer, false), new(Guid.NewGuid(), "Abel", Roles.Admin, true)];
            foreach (var (who, what, role) in orders)
            {
                var decision = what switch
                {
                    0 => UserDecisions.ChangeRole(all, all[who], Roles.All[role]),
                    1 => UserDecisions.Disable(all, all[who]),
                    _ => UserDecisions.Enable(all[who]),
                };
                foreach (var e in decision.Events)
                    all[who] = e switch
                    {
                        UserRoleChanged changed => all[who] with { Role = changed.Role },
                        UserDisabled => all[who] with { Disabled = true },
                        UserEnabled => all[who] with { Disabled = false },
                        _ => throw new InvalidOperationException($"{e} is not expected here."),
                    };
                all.ShouldContain(m => m.Role == Roles.Admin && !m.Disabled);
            }
        });
}
