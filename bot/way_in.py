"""Tries whether a platform's requests reach the bot, for `npsbot check`."""

import aiohttp

Finding = tuple[str, bool, str]  # what was tried, whether it works, what to do (or what was found)

TIMEOUT_SECONDS = 10


async def tried(what: str, url: str, path: str, works: str) -> Finding:
    """Tells whether the bot answers at its own public address; `works` is said where it does.

    What is sent is signed by nobody: whoever answers 401 is the bot, and it checks who is speaking.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.post(url, json={}) as answer:
                status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        advice = f"{url} can't be reached ({type(error).__name__}): start `npsbot run`, and let"
        return (what, False, f"{advice} your proxy pass {path} to it")
    if status != 401:
        advice = f"{url} answers {status} where the bot answers 401: check your proxy"
        return (what, False, advice)
    return (what, True, works)
