"""Words for classes: numbers and names, as options of the program and parameters of the service have them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

_LONGEST = 100  # letters of a word that is compared with names, which takes time


def classes_of(given: Sequence[str], names: Mapping[int, str], what: str = "--classes") -> list[int]:
    """The classes that words mean: numbers and names with commas between them. A name may have commas in it.

    Raises ValueError, which says which word is no class, and the names that are like it; `what` begins its text.
    """
    exact = {name.strip(): index for index, name in reversed(list(names.items()))}
    alike = {name.strip().lower(): index for index, name in reversed(list(names.items()))}
    longest = 1 + max((name.count(",") for name in exact), default=0)  # words of a name
    classes = []
    for text in given:
        words = text.split(",")
        while words:
            # The longest name that begins here.
            for count in range(min(longest, len(words)), 0, -1):
                word = ",".join(words[:count]).strip()
                found = int(word) if re.fullmatch("[0-9]{1,7}", word) else exact.get(word, alike.get(word.lower()))
                if found is not None:
                    classes.append(found)
                    break
            else:
                if word:
                    raise ValueError(f"{what}: {_unknown(word, names)}")
            del words[:count]
    return classes


def _unknown(word: str, names: Mapping[int, str]) -> str:
    if not names:
        return f"{word!r} is no number, and the model has no names of classes"
    spelled = {name.lower(): name for name in names.values()} if len(word) <= _LONGEST else {}
    near = [spelled[lower] for lower in difflib.get_close_matches(word.lower(), spelled)]
    parts = [spelled[lower] for lower in spelled if _is_part(word.lower(), lower) or _is_part(lower, word.lower())]
    near += [name for name in parts if name not in near]
    shown = ", ".join(repr(name) for name in (near or list(names.values()))[:5])
    hint = f"did you mean {shown}?" if near else f"there are {shown}{', ...' if len(names) > 5 else ''}"
    return f"no class of the model is called {word!r}; {hint}"


def _is_part(part: str, of: str) -> bool:
    return len(part) > 2 and part in of
