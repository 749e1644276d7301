"""What the browser shows while the app cannot be loaded, and the debugger's console."""

from __future__ import annotations

import re
import signal
import urllib.error
import urllib.request

from tests.browser.conftest import Server, until


def broken(launch, browser, old: str, new: str, *arguments: str, path: str = "/"):
    """A server, and a page that was open when a save broke the app."""
    server = launch(*arguments)
    page = browser.new_page()
    page.goto(server.url + path)
    page.wait_for_function("window.__launch !== undefined")
    server.edit("shop.py", old, new)
    page.wait_for_selector("#launch-bar")
    return server, page


def mend(server: Server, page, old: str, new: str) -> None:
    server.edit("shop.py", old, new)
    page.wait_for_function("document.querySelector('#word')?.textContent === 'mended'")
    assert page.locator("#launch-bar").count() == 0


def test_a_syntax_error_is_shown_with_its_caret_and_goes_away_by_itself(browser, launch) -> None:
    server, page = broken(launch, browser, 'WORD = "one"', "WORD = (1 +")
    assert page.inner_text("#launch-bar") == (
        "Since the change of shop.py the app cannot be served. "
        "This page comes back by itself as soon as a save mends it."
    )
    assert "SyntaxError" in page.inner_text("h1")
    text = page.inner_text("div.traceback")
    assert re.search(r"WORD = \(1 \+\n\s+\^", text)
    assert "launcher" not in text
    mend(server, page, "WORD = (1 +", 'WORD = "mended"')


def test_an_error_while_loading_has_a_console_in_its_frames(browser, launch) -> None:
    server, page = broken(launch, browser, 'WORD = "one"', 'answer = 6 * 7\nWORD = "on" + 1')
    assert "TypeError" in page.inner_text("h1")
    assert run_code(server, page, "answer + 1") == "43"
    server.edit("shop.py", '"on" + 1', '"mended"')
    page.wait_for_function("document.querySelector('#launch-bar')?.textContent.includes('old code')")
    assert page.locator("pre.console").count() == 1  # the console was used, so that the page waits for the person
    page.reload()
    page.wait_for_selector("#word")


def test_a_second_mistake_replaces_the_first(browser, launch) -> None:
    server, page = broken(launch, browser, 'WORD = "one"', "WORD = 1 / 0")
    server.edit("shop.py", "1 / 0", "undefined_name")
    page.wait_for_function("document.querySelector('h1')?.textContent.includes('NameError')")
    mend(server, page, "undefined_name", '"mended"')


def test_an_app_that_ends_its_process_is_explained(browser, launch) -> None:
    server, page = broken(launch, browser, 'WORD = "one"', "import os; os._exit(3)")
    assert page.text_content("h1") == "the app ended its process while it was loaded: exit code 3"
    assert "shop.py" in page.inner_text("#launch-bar")
    mend(server, page, "import os; os._exit(3)", 'WORD = "mended"')


def test_a_worker_that_crashes_over_and_over_is_explained(browser, launch) -> None:
    server = launch()
    server.edit("shop.py", "    answer = 6 * 7", "    import ctypes; ctypes.string_at(0)")
    server.heard("served again")
    until(lambda: ask(server, "/fail") == 500, "a page that says so", server.log)
    page = browser.new_page()
    page.goto(f"{server.url}/fail")
    assert page.text_content("h1") == "the worker ended while it served: SIGSEGV (segmentation fault)"
    assert "shop.py" in page.inner_text("pre")
    server.edit("shop.py", "ctypes.string_at(0)", 'return "mended"')
    page.wait_for_function("document.body.textContent === 'mended'")


def test_a_killed_worker_is_told_in_the_terminal(browser, launch) -> None:
    server = launch()
    server.edit("shop.py", "    answer = 6 * 7", "    import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    server.heard("served again")
    assert ask(server, "/fail") == 0
    server.heard("the worker ended while it served, SIGKILL")
    page = browser.new_page()
    page.goto(server.url)
    assert page.text_content("#word") == "one"


def test_with_the_debugger_off_there_is_no_source(browser, launch) -> None:
    arguments = ("--set", "debugger.enabled=false")
    server, page = broken(launch, browser, 'WORD = "one"', 'secret = "s3cr3t"\nWORD = 1 / 0', *arguments)
    assert page.inner_text("h1") == "Internal Server Error"
    for word in ("s3cr3t", "shop.py", "ZeroDivision"):
        assert word not in page.content()
    mend(server, page, "1 / 0", '"mended"')


def ask(server: Server, path: str) -> int:
    """Return the status of an answer, 0 for none. Not with the browser, which asks again by itself."""
    try:
        with urllib.request.urlopen(server.url + path, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def pin_of(server: Server) -> str:
    return re.search(r"PIN ([\d-]+)", server.log())[1]


def run_code(server: Server, page, code: str, *, enter_pin: bool = True) -> str:
    """Type *code* into the console of the last frame, and return what it answered."""
    page.evaluate("[...document.querySelectorAll('div.frame pre.current img, div.frame pre img')].at(-1).click()")
    if enter_pin:
        page.wait_for_selector(".pin-prompt input[name=pin]", state="visible")
        # Werkzeug fades the prompt in and out by steps of a tenth; begun too early, one undoes the other for ever.
        page.wait_for_function("Number(document.querySelector('.pin-prompt').style.opacity) > 0.95")
        page.fill(".pin-prompt input[name=pin]", pin_of(server))
        page.click(".pin-prompt input[name=btn]")
        page.wait_for_function("EVALEX_TRUSTED")
        page.wait_for_selector(".pin-prompt", state="hidden")
    return type_code(page, code)


def type_code(page, code: str) -> str:
    lines = page.locator("pre.console .output > div").count()
    page.fill("pre.console input", code)
    page.press("pre.console input", "Enter")
    until(lambda: page.locator("pre.console .output > div").count() > lines, "an answer in the console", page.content)
    return page.locator("pre.console .output > div").last.inner_text().strip().removeprefix(f">>> {code}").strip()


def test_the_console_of_a_request_works_after_the_pin_and_says_when_its_code_is_gone(browser, launch) -> None:
    server = launch()
    page = browser.new_page()
    page.goto(f"{server.url}/fail")
    assert "LookupError: one" in page.inner_text("div.debugger")
    assert run_code(server, page, "answer") == "42"
    server.edit("shop.py", '"one"', '"two"')
    page.wait_for_function("document.querySelector('#launch-bar')?.textContent.includes('old code')")
    assert "shop.py was changed" in type_code(page, "answer")
    page.reload()
    page.wait_for_function("document.body.textContent.includes('LookupError: two')")
    assert run_code(server, page, "answer + 1", enter_pin=False) == "43"  # the PIN was entered once for this start


def test_the_page_of_a_failed_request_comes_back_when_it_is_mended(browser, launch) -> None:
    server = launch()
    page = browser.new_page()
    page.goto(f"{server.url}/fail")
    page.wait_for_function("window.__launch !== undefined")
    server.edit("shop.py", "    raise LookupError(WORD)", '    return "mended"')
    page.wait_for_function("document.body.textContent === 'mended'")


def test_wrong_pins_are_counted_over_reloads(browser, launch) -> None:
    server = launch()
    page = browser.new_page()
    guess = """async pin => {
        const answer = await fetch(`/?__debugger__=yes&cmd=pinauth&pin=${pin}&s=${SECRET}`);
        return await answer.json();
    }"""
    page.goto(f"{server.url}/fail")
    for _ in range(5):
        assert page.evaluate(guess, "1") == {"auth": False, "exhausted": False}
    server.edit("shop.py", '"one"', '"two"')
    page.wait_for_function("document.body.textContent.includes('LookupError: two')")
    assert page.evaluate(guess, "1") == {"auth": False, "exhausted": False}
    for _ in range(4):
        assert page.evaluate(guess, "1") == {"auth": False, "exhausted": False}
    server.edit("shop.py", '"two"', '"three"')
    page.wait_for_function("document.body.textContent.includes('LookupError: three')")
    assert page.evaluate(guess, pin_of(server)) == {"auth": False, "exhausted": True}


def test_the_server_ends_while_a_page_waits(browser, launch) -> None:
    server, _ = broken(launch, browser, 'WORD = "one"', "WORD = 1 / 0")
    server.stop(signal.SIGINT)
    assert "Traceback" not in server.log().partition("shop.py:")[2]


def test_a_console_goes_on_when_another_file_was_saved(browser, launch, project) -> None:
    (project / "prices.py").write_text("VAT = 19\n")
    server = launch("--set", 'reload.engine="snapshot"')
    server.edit("shop.py", 'WORD = "one"', 'import prices\nWORD = "one"')
    server.heard("served again")
    page = browser.new_page()
    page.goto(f"{server.url}/fail")
    assert run_code(server, page, "kept = answer + 1; kept") == "43"
    for count, vat in enumerate(("20", "21", "22"), start=2):
        server.write("prices.py", f"VAT = {vat}\n")
        server.heard("served again", count)
        assert type_code(page, "kept + prices.VAT") == "62"


def test_a_console_of_a_failed_load_goes_on_too(browser, launch, project) -> None:
    (project / "prices.py").write_text("VAT = 19\n")
    server = launch("--set", 'reload.engine="restart"', "--set", 'debugger.pin="off"')
    server.edit("shop.py", 'WORD = "one"', "import prices\nanswer = 6 * 7\nWORD = 1 / 0")
    page = browser.new_page()
    until(lambda: ask(server, "/") == 500, "the failure page", server.log)
    page.goto(server.url)
    page.wait_for_selector("#launch-bar")
    with page.expect_response(lambda response: "cmd=opened" in response.url):
        page.evaluate("document.querySelector('div.frame pre img').click()")  # opened, and nothing typed yet
    server.write("prices.py", "VAT = 20\n")
    page.wait_for_function("document.querySelector('#launch-bar')?.textContent.includes('old code')")
    assert type_code(page, "answer + 1") == "43"


def test_the_page_is_dark_where_the_system_is_and_fits_a_phone(browser, launch) -> None:
    server = launch()
    page = browser.new_page()
    page.set_viewport_size({"width": 390, "height": 760})
    shades = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{server.url}/fail")
        colors = page.evaluate(
            "['body', 'div.debugger', 'div.traceback pre', 'cite.filename'].map(name => getComputedStyle("
            "document.querySelector(name))).flatMap(style => [style.backgroundColor, style.color])"
        )
        shades[scheme] = [sum(map(int, re.findall(r"\d+", color)[:3])) for color in colors]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    body, _, paper, ink, line, text = shades["dark"][:6]
    assert max(body, paper, line) < 150 < min(ink, text)
    body, _, paper, ink, line, text = shades["light"][:6]
    assert min(body, paper, line) > 600 > max(ink, text)
