"""Labels have room: no two overlap, none leaves the canvas, each can be told from what is under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pytest
from drawn import CLOSE, ITEMS, TOKENS, image, view
from helpers import stream
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from natlib.errors import Failure
from natlib.plot.drawing import Drawing, Fitting
from natlib.plot.figure import choose, compose, margin, save
from natlib.plot.layers import Layers


def boxes(figure: Figure) -> tuple[Image.Image, list[tuple[Text, Bbox]]]:
    """The picture, and each text that is printed in it, with the box that it fills, in dots from below."""
    printed: dict[Text, None] = {}
    draw: Callable[..., None] = Text.draw

    def note(self: Text, *args: object) -> None:
        draw(self, *args)
        if self.get_visible() and self.get_text().strip():
            printed[self] = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", note)
        drawn = image(save(figure, "png"))
    return drawn, [(text, text.get_window_extent()) for text in printed]


def meet(one: Bbox, other: Bbox) -> bool:
    """Do two boxes overlap, by more than a dot?"""
    return bool(min(one.x1, other.x1) - max(one.x0, other.x0) > 1 and min(one.y1, other.y1) - max(one.y0, other.y0) > 1)


def within(one: Bbox, other: Bbox) -> bool:
    """Is a box in another, but for a dot?"""
    return bool(one.x0 > other.x0 - 1 and one.x1 < other.x1 + 1 and one.y0 > other.y0 - 1 and one.y1 < other.y1 + 1)


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The contrast of two colours, from 1 to 21: WCAG 2.2, which asks for 4.5."""
    light, dark = sorted((np.dot([0.2126, 0.7152, 0.0722], [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                         for c in colour]) for colour in (one, other)), reverse=True)  # fmt: skip
    return float((light + 0.05) / (dark + 0.05))


def faults(figure: Figure, drawn: Image.Image, printed: list[tuple[Text, Bbox]]) -> Iterator[str]:
    """What a reader of a figure would stumble over, given its `boxes`."""
    panels = [axes for axes in figure.findobj(Axes) if isinstance(axes, Axes) and axes.axison]
    for (text, box), (other, second) in combinations(printed, 2):
        if meet(box, second):
            yield f"{text.get_text()!r} and {other.get_text()!r} overlap"
    for text, box in printed:
        said = repr(text.get_text())
        if not within(box, figure.bbox):
            yield f"{said} leaves the canvas"
            continue
        if any(meet(box, axes.bbox) and not (text in axes.texts and within(box, axes.bbox)) for axes in panels):
            yield f"{said} is printed over a panel"
        left, bottom, right, top = (round(value) for value in box.extents)
        under = drawn.crop((left, drawn.height - top, max(right, left + 1), max(drawn.height - bottom, 1)))
        paper = Counter(under.get_flattened_data() if hasattr(under, "get_flattened_data") else under.getdata())
        if contrast(to_rgb(text.get_color()), tuple(c / 255 for c in paper.most_common(1)[0][0])) < 4.5:
            yield f"{said} is hard to tell from what is under it"
    for key in figure.findobj(Legend):
        assert isinstance(key, Legend)
        if any(meet(key.get_window_extent(), axes.bbox) for axes in panels):
            yield "a key covers data"
    used, size = figure.get_tightbbox(), figure.get_size_inches()
    margins = [used.x0, used.y0, size[0] - used.x1, size[1] - used.y1]
    if max(margins) > 0.4:
        yield f"margins of {[f'{margin:.2f}' for margin in margins]} inches"


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ITEMS)
def test_every_kind_has_a_picture_and_its_labels_have_room(kind: str, theme: str) -> None:
    drawing = Drawing(theme, None, 100, None)
    seen = view(stream(*ITEMS[kind], CLOSE))
    figure = compose(drawing, [seen])
    drawn, printed = boxes(figure)
    assert not list(faults(figure, drawn, printed))
    assert drawn.width == 1000
    assert 200 < drawn.height < 2000
    assert drawn.getpixel((1, 1)) == ((255, 255, 255) if theme == "light" else (19, 20, 23))
    assert np.mean(np.any(np.asarray(drawn) != drawn.getpixel((1, 1)), axis=2)) > 0.1
    figure = compose(drawing, [seen], whole=True)  # as in a report
    assert not list(faults(figure, *boxes(figure)))


def test_labels_have_room_where_items_share_a_picture() -> None:
    seen = [view(stream(*records, CLOSE)) for records in ITEMS.values()]
    seen[0].error = seen[1].head["name"] = "x" * 300
    figure = compose(Drawing("light", None, 100, None), seen)
    assert not list(faults(figure, *boxes(figure)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ITEMS)
def test_labels_have_room_in_the_smallest_picture_that_is_drawn(kind: str) -> None:
    seen = view(stream(*ITEMS[kind], CLOSE))
    for what in (None, *seen.panels()):
        whole = Drawing("light", (3, 100), 100, what)
        shown = choose(whole, seen, whole=False, several=False)
        least = sum(panel.least for panel in shown.values()) + margin(shown)
        for width in (4, 6) if what in (None, "usage") else (3,):
            figure = compose(Drawing("light", (width, least), 100, what), [seen])
            assert not list(faults(figure, *boxes(figure))), what
        with pytest.raises(Failure, match=f"at least {least:.1f} inches high for .*, got {least - 0.1:g}"):
            compose(Drawing("light", (3, least - 0.1), 100, what), [seen])
        with pytest.raises(Failure, match=r"at least 3 inches wide, got 2\.9"):
            compose(Drawing("light", (2.9, least), 100, what), [seen])


def test_what_a_reader_stumbles_over_is_found() -> None:
    Drawing("light", None, 100, None)
    figure = Figure((6, 4), 100)
    axes, other = figure.subplots(2, 1)
    axes.plot([0, 1], label="data")
    axes.legend()
    axes.set_xlabel("far below", labelpad=60)
    other.set_title("title")
    figure.text(0.5, 0.5, "first")
    figure.text(0.5, 0.5, "second")
    figure.text(0.99, 0.5, "beyond")
    figure.text(0.01, 0.5, "pale", color="yellow")
    found = list(faults(figure, *boxes(figure)))
    for fault in ("'first' and 'second' overlap", "'beyond' leaves the canvas", "'far below' is printed over a panel",
                  "'pale' is hard to tell from what is under it", "a key covers data"):  # fmt: skip
        assert any(fault in line for line in found), fault
    alone = Figure((6, 4), 100)
    alone.add_axes((0.4, 0.4, 0.2, 0.2))
    assert "margins of" in " ".join(faults(alone, *boxes(alone)))


def test_a_layout_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = Layers._changes

    def spoiled(self: Layers, *args: object) -> Axes:
        axes = changes(self, *args)  # type: ignore[arg-type]
        axes.set_ylabel("x\n" * 99)
        return axes

    monkeypatch.setattr(Layers, "_changes", spoiled)
    figure = compose(Drawing("light", (4, 5), 100, None), [view(TOKENS)])
    with pytest.raises(Failure, match="expected room for the panels and their labels, got 4x5 inches"):
        save(figure, "png")


def test_an_axis_shows_the_labels_that_have_room() -> None:
    axes = Figure((4, 2), 72).add_axes((0, 0, 1, 1))
    for length, shown in ((3, [0, 1, 2, 3]), (40, [0, 20, 40]), (70, [0, 25, 50]), (9999, [0])):
        axes.set_ylim(length, 0)
        axes.yaxis.set_major_locator(Fitting(48, range(4), [0, 20, 40, 60], [0, 25, 50, 9e9]))
        assert list(axes.yaxis.get_majorticklocs()) == shown
