import pytest

pytestmark = pytest.mark.either


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_description_of_the_api_opens_offline_and_without_complaint(
    open_page, live_server, scheme, width
):
    page = open_page(scheme, width)
    page.goto(f"{live_server.url}/api/docs/")
    page.wait_for_selector(".opblock")
    page.locator(".opblock-summary-post").first.click()
    page.wait_for_selector(".opblock-body")
    assert page.complaints == []
    dark = page.evaluate("document.documentElement.classList.contains('dark-mode')")
    assert dark is (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#theme")
    assert page.get_attribute("#theme", "aria-pressed") == str(not dark).lower()
