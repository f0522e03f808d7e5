"""Invitations, profiles, team settings and activity: what people change about themselves and each other."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from apps.accounts import invitations
from apps.accounts.access import Actor
from apps.accounts.members import add_member, change_role
from apps.accounts.models import ActivityEvent, Invitation, Membership, Team, User
from apps.accounts.profile import change_profile
from tests.apps.cast import PASSWORD, Person, Shop, make_person
from tests.apps.test_pages_walk import browser
from workers.errors import UserError

NEW = {"name": "Nina", "password": PASSWORD}


def invited(alice: Person, email: str = "nina@example.com", role: str = "developer") -> str:
    """The path of a new invitation's link."""
    _, link = invitations.invite(actor=alice.actor, team=alice.team, email=email, role=role)
    return "/" + link.split("/", 3)[3]


def test_it_lets_somebody_new_join_by_the_link_once(alice: Person) -> None:
    path, client = invited(alice), browser()
    assert "nina@example.com" in client.get(path).content.decode()
    assert client.post(path, NEW)["Location"] == "/"
    user = User.objects.get(email="nina@example.com")
    assert user.check_password(PASSWORD) and user.memberships.get().role == "developer"
    assert client.get("/").status_code == 200
    assert browser().post(path, {**NEW, "name": "Mallory"}).status_code == 404
    assert User.objects.filter(name="Mallory").count() == 0


def test_it_shows_the_link_once_and_stores_its_digest(alice: Person) -> None:
    client = browser(alice)
    text = client.post(f"/teams/{alice.team.pk}", {"email": "nina@example.com", "role": "viewer"}).content.decode()
    token = "invite_" + text.split("/invitations/invite_")[1].split("<")[0]
    assert token not in client.get(f"/teams/{alice.team.pk}").content.decode()
    assert Invitation.objects.get().digest not in text and token not in str(Invitation.objects.values())
    assert browser().get(f"/invitations/{token}").status_code == 200


def test_it_never_signs_an_existing_account_in(alice: Person) -> None:
    """The inviter knows the link, so it must not open somebody's account."""
    other = make_person("Olga")
    path, client = invited(alice, other.user.email), browser()
    assert "Sign in" in client.get(path).content.decode()
    client.post(path, NEW)
    assert client.get("/").status_code == 302
    mine = browser(other)
    assert "Join Shop" in mine.get(path).content.decode()
    assert mine.post(path)["Location"] == "/"
    assert Membership.objects.get(user=other.user, team=alice.team).role == "developer"


def test_it_is_bound_to_its_address(alice: Person) -> None:
    path, stranger = invited(alice), browser(make_person("Olga"))
    assert "This invitation is for nina@example.com" in stranger.get(path).content.decode()
    assert stranger.post(path).status_code == 409
    assert Invitation.objects.get().accepted_at is None


def test_it_ends_after_seven_days_or_when_taken_back(alice: Person) -> None:
    path = invited(alice)
    row = Invitation.objects.get()
    assert timedelta(days=6) < row.expires_at - timezone.now() <= timedelta(days=7)
    browser(alice).post(f"/invitations/{row.pk}/revoke")
    assert browser().get(path).status_code == 404
    later = invited(alice)
    Invitation.objects.update(expires_at=timezone.now())
    assert browser().get(later).status_code == 404


def test_it_ends_with_the_inviters_own_right(alice: Person) -> None:
    admin = make_person("Adam", team=alice.team, role="admin")  # type: ignore[arg-type]
    _, link = invitations.invite(actor=admin.actor, team=alice.team, email="x@example.com", role="admin")
    row = Membership.objects.get(user=admin.user)
    change_role(actor=alice.actor, membership=row, role="developer")
    assert browser().get("/" + link.split("/", 3)[3]).status_code == 404


def test_nobody_invites_above_their_own_role(alice: Person, dora: Person) -> None:
    admin = make_person("Adam", team=alice.team, role="admin")  # type: ignore[arg-type]
    path = f"/teams/{alice.team.pk}"
    assert browser(admin).post(path, {"email": "x@example.com", "role": "owner"}).status_code == 403
    assert browser(admin).post(path, {"email": "x@example.com", "role": "admin"}).status_code == 200
    assert browser(dora).post(path, {"email": "x@example.com", "role": "viewer"}).status_code == 403


def test_it_refuses_a_weak_password_and_one_who_is_there(alice: Person, dora: Person) -> None:
    path = invited(alice)
    assert browser().post(path, {"name": "Nina", "password": "short"}).status_code == 422
    assert Invitation.objects.get().accepted_at is None
    there = browser(alice).post(f"/teams/{alice.team.pk}", {"email": dora.user.email, "role": "viewer"})
    assert (there.status_code, list(there.context["form"].errors)) == (422, ["email"])


def test_the_api_invites_and_accepts(alice: Person) -> None:
    other, team = make_person("Olga"), alice.team.pk
    made = alice.post(f"/teams/{team}/invitations", {"email": other.user.email, "role": "viewer"}).json()
    listed = alice.get(f"/teams/{team}/invitations").json()["items"]
    assert [row["email"] for row in listed] == [other.user.email] and "url" not in listed[0]
    assert other.post("/invitations/accept", {"token": made["url"]}).json()["role"] == "viewer"
    assert alice.get(f"/teams/{team}/invitations").json()["items"] == []
    assert alice.delete(f"/teams/{team}/invitations/{made['id']}").status_code == 204


def sign_in(email: str) -> Client:
    client = browser()
    assert client.post("/sign-in", {"email": email, "password": PASSWORD}).status_code == 302
    return client


def test_it_changes_name_and_email(alice: Person, dora: Person) -> None:
    client = browser(alice)
    assert client.post("/profile", {"name": "Alicia", "email": "Alicia@example.com"}).status_code == 302
    alice.user.refresh_from_db()
    assert (alice.user.name, alice.user.email) == ("Alicia", "alicia@example.com")
    taken = client.post("/profile", {"name": "Alicia", "email": dora.user.email})
    assert (taken.status_code, list(taken.context["form"].errors)) == (422, ["email"])
    assert dora.patch("/auth/me", {"name": "Dorothea"}).json()["name"] == "Dorothea"


def test_it_changes_a_password_with_the_old_one_and_ends_other_sessions(alice: Person) -> None:
    here, there = sign_in("alice@example.com"), sign_in("alice@example.com")
    wrong = here.post("/profile/password", {"old": "no", "new": "another long pass phrase"})
    assert (wrong.status_code, list(wrong.context["password_form"].errors)) == (422, ["old"])
    weak = here.post("/profile/password", {"old": PASSWORD, "new": "short"})
    assert (weak.status_code, list(weak.context["password_form"].errors)) == (422, ["new"])
    assert here.post("/profile/password", {"old": PASSWORD, "new": "another long pass phrase"}).status_code == 302
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)


@pytest.mark.parametrize("by_api", [False, True])
def test_it_signs_out_everywhere_and_leaves_tokens(alice: Person, by_api: bool) -> None:
    here, there = sign_in("alice@example.com"), sign_in("alice@example.com")
    if by_api:
        assert alice.post("/auth/sign-out-everywhere").status_code == 204
    else:
        assert here.post("/profile/sign-out-everywhere")["Location"] == "/sign-in"
    assert (here.get("/").status_code, there.get("/").status_code) == (302, 302)
    assert alice.get("/auth/me").status_code == 200
    assert sign_in("alice@example.com").get("/").status_code == 200


def test_an_address_counts_once_an_operator_vouched_for_it_and_until_it_is_changed(alice: Person) -> None:
    """Anybody may claim the address of somebody else, by an invitation to a team of their own too."""
    browser().post(invited(alice), NEW)
    nina = User.objects.get(email="nina@example.com")
    assert nina.is_email_verified and alice.user.is_email_verified
    mallory = make_person("Mallory")
    browser().post(invited(mallory, "boss@example.com"), NEW)
    assert not User.objects.get(email="boss@example.com").is_email_verified
    change_profile(actor=Actor(nina), name="Nina B", email="Nina@example.com")
    assert User.objects.get(pk=nina.pk).is_email_verified
    change_profile(actor=Actor(nina), email="ceo@example.com")
    with pytest.raises(UserError, match="Nobody here has ceo@example.com as a verified address"):
        add_member(actor=alice.actor, team=alice.team, email="ceo@example.com", role="viewer")


def test_an_upgrade_knows_whom_an_operator_vouched_for(alice: Person) -> None:
    browser().post(invited(alice), NEW)
    browser().post(invited(alice, "moved@example.com"), NEW)
    change_profile(actor=Actor(User.objects.get(email="moved@example.com")), email="ceo@example.com")
    mallory = make_person("Mallory")
    browser().post(invited(mallory, "boss@example.com"), NEW)
    change_profile(actor=mallory.actor, email="moved@example.com")
    User.objects.update(is_email_verified=False)
    import_module("apps.accounts.migrations.0005_verified_addresses").verify(apps, None)
    found = User.objects.filter(is_email_verified=True).values_list("email", flat=True)
    assert sorted(found) == ["alice@example.com", "nina@example.com"]


def test_it_renames_and_deletes_an_empty_team(alice: Person) -> None:
    client = browser(alice)
    made = client.post("/teams/new", {"name": "Second"})["Location"]
    team = Team.objects.get(name="Second")
    assert made == f"/teams/{team.pk}"
    client.post(f"/teams/{team.pk}/settings", {"name": "Third"})
    assert client.post(f"/teams/{team.pk}/delete", {"confirm": "Second"}).status_code == 422
    assert client.post(f"/teams/{team.pk}/delete", {"confirm": "Third"})["Location"] == "/"
    assert not Team.objects.filter(pk=team.pk).exists()


def test_it_does_not_delete_a_team_with_projects(alice: Person, shop: Shop, dora: Person) -> None:
    client = browser(alice)
    assert "Delete each of them first" in client.get(f"/teams/{shop.team.pk}/settings").content.decode()
    page = client.get(f"/teams/{shop.team.pk}/delete").content.decode()
    assert "still has projects. Delete each project first." in page and 'name="confirm"' not in page
    assert client.post(f"/teams/{shop.team.pk}/delete", {"confirm": shop.team.name}).status_code == 409
    assert alice.delete(f"/teams/{shop.team.pk}?confirm={shop.team.name}").status_code == 409
    assert dora.patch(f"/teams/{shop.team.pk}", {"name": "Mine"}).status_code == 403


def test_it_filters_activity_and_pages_through_it(alice: Person, shop: Shop, dora: Person) -> None:
    path, client = f"/teams/{shop.team.pk}/activity", browser(dora)
    for n in range(60):
        ActivityEvent.objects.create(
            team=shop.team, actor_name="Robot", verb=f"did {n}", subject_type="service", subject_id=shop.service.pk,
            subject_name="web",
        )  # fmt: skip
    first = client.get(f"{path}?who=Robot&kind=service")
    older = client.get(path + first.context["older"])
    verbs = [event.verb for page in (first, older) for event in page.context["events"]]
    assert verbs == [f"did {n}" for n in reversed(range(60))]
    assert "cursor" in first.context["older"] and older.context["older"] == ""
    assert {event.subject_type for event in client.get(f"{path}?kind=domain").context["events"]} == {"domain"}
    assert client.get(f"{path}?kind=nonsense").context["kind"] == "nonsense"
    assert client.get(f"{path}?cursor=nonsense").status_code == 422


def test_it_tells_what_happened_to_a_service_and_a_project(alice: Person, shop: Shop) -> None:
    client = browser(alice)
    of_service = {e.verb for e in client.get(f"/services/{shop.service.pk}/activity").context["events"]}
    of_project = {e.verb for e in client.get(f"/projects/{shop.project.pk}/activity").context["events"]}
    assert {"created the service", "deployed", "added the domain", "created the volume"} <= of_service
    assert of_service | {"created the project"} <= of_project and "created the team" not in of_project
