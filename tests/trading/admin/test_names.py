"""Lists are called as in the menu, and say honestly why they are empty."""

import re

import pytest
from django.urls import reverse

from selflearn.admin_theme import NAVIGATION

OURS = {
    item["title"]: item["link"]
    for group in NAVIGATION
    for item in group["items"]
    if "/trading/" in str(item["link"])
}


@pytest.mark.parametrize("title", OURS)
def test_a_list_is_called_as_in_the_menu(owner, title):
    page = owner.get(str(OURS[title])).content.decode()
    assert re.search(rf"<title>\s*{title} \|", page)
    heading = rf'href="{OURS[title]}"\s+class="align-middle[^>]*>\s*{title}\s*</a'
    assert re.search(heading, page)


def test_an_empty_list_offers_no_new_record_where_none_can_be_added(owner):
    address = reverse("admin:trading_externalstrategy_changelist")
    page = owner.get(address).content.decode()
    assert "Nothing here yet" in page
    assert "Create a new item" not in page
    assert "Reset filters" not in page
    searched = " ".join(owner.get(address, {"q": "grid"}).content.decode().split())
    assert "No record matches this search or these filters." in searched
    assert "Reset filters" in searched
