"""Draws the circuits of `hw/` as SVG: `python hw/drawings/circuits.py` writes them beside itself.

The pins are those of `hw/pins.md`. Needs schemdraw (the project's extra `docs`); the box itself never imports this.
"""

from __future__ import annotations

import sys
from pathlib import Path

import schemdraw
from schemdraw import elements as e

schemdraw.use("svg")
schemdraw.svgconfig.text = "text"  # words, not outlines: they can be found, copied and read aloud

EXPERIMENTAL = "EXPERIMENTAL, not approved"


def drawing(title: str, warning: str = "", *, top: float = 2.0) -> schemdraw.Drawing:
    """An empty drawing with its title so far above the origin, and under that what is to be minded."""
    made = schemdraw.Drawing(show=False, fontsize=12, font="sans-serif", lw=1.5, margin=1.2, bgcolor="white")
    made += e.Label().at((0, top)).label(title, loc="right", fontsize=14, halign="left")
    if warning:
        made += e.Label().at((0, top - 0.5)).label(warning, loc="right", fontsize=12, halign="left", color="firebrick")
    return made


def hook_relay() -> schemdraw.Drawing:
    """The driver of the hook relay: off while the Pi starts, stops or has no power."""
    d = drawing("Hook relay", EXPERIMENTAL, top=5)
    d += e.Dot(open=True).at((0, 0)).label("GPIO 17: hook_pin", loc="left")
    d += e.Line().right(1)
    d += (node := e.Dot())
    d += e.Resistor().down().label("10 kΩ")
    d += e.Ground()
    d += e.Resistor().right().at(node.center).label("1 kΩ")
    d += (driver := e.BjtNpn(circle=True).anchor("base").label("BC337", loc="right"))
    d += e.Line().down(2.4).at(driver.emitter)
    d += e.Ground()
    d += e.Line().up(0.6).at(driver.collector)
    d += (foot := e.Dot())
    d += e.Inductor2(loops=3).up(2).label("relay coil, 5 V", loc="bottom")
    d += (head := e.Dot())
    d += e.Vdd().label("5 V")
    d += e.Line().left(1.8).at(foot.center)
    d += e.Diode().up(2).label("1N4148")
    d += e.Line().to(head.center)
    d += e.Dot(open=True).at((9, 0)).label("line a", loc="left")
    d += e.Fuse().right(2.5).label("PTC, 250 V")
    d += e.Switch().right(2.5).label("relay contact, 200 V,\nopen without current", loc="bottom", ofst=0.4)
    d += e.Dot(open=True).label("to the transformer", loc="right")
    return d


def ring_detector() -> schemdraw.Drawing:
    """Ringing becomes pulses on a pin."""
    d = drawing("Ring detector", EXPERIMENTAL)
    d += e.Dot(open=True).at((0, 0)).label("line a", loc="left")
    d += e.Capacitor().right(2.5).label("0.47 µF, 250 V")
    d += e.Resistor().right(2.5).label("10 kΩ, 0.5 W")
    d += e.Zener().right(2).label("15 V")
    d += e.Zener().right(2).reverse().label("15 V")
    _coupler(d, "GPIO 27: ring_pin")
    return d


def loop_sensor() -> schemdraw.Drawing:
    """Loop current on a pin; in series with the transformer, behind the relay."""
    d = drawing("Loop sensor", EXPERIMENTAL)
    d += e.Dot(open=True).at((0, 0)).label("from the relay contact", loc="left")
    d += e.Line().right(6)
    part = _coupler(d, "GPIO 22: loop_pin", "to the transformer")
    d += e.Dot().at((3, 0))
    d += e.Resistor().endpoints((3, 0), (3, part.lower[1])).label("100 Ω, 1 W")
    d += e.Dot()
    return d


def _coupler(d: schemdraw.Drawing, pin: str, away: str = "line b") -> e.Ic:
    """An opto-coupler with two diodes head to tail, its transistor at a pin; drawing stands at its upper input."""
    here = d.here
    part = e.Ic(
        pins=[
            e.IcPin(name="~", side="left", pos=0.75, anchorname="upper"),
            e.IcPin(name="~", side="left", pos=0.25, anchorname="lower"),
            e.IcPin(name="C", side="right", pos=0.75, anchorname="collector"),
            e.IcPin(name="E", side="right", pos=0.25, anchorname="emitter"),
        ],
        size=(3, 4),
        leadlen=0.8,
    )
    d += part.label("H11AA1", "center").anchor("upper").at(here)
    d += e.Line().endpoints(part.lower, (0, part.lower[1]))
    d += e.Dot(open=True).label(away, loc="left")
    d += e.Line().right(1).at(part.collector)
    d += e.Dot(open=True).label(f"{pin},\npulled up by the Pi", loc="right")
    d += e.Line().right(1).at(part.emitter)
    d += e.Ground()
    return part


def sound() -> schemdraw.Drawing:
    """Sound over the barrier."""
    d = drawing("Sound over the barrier", EXPERIMENTAL, top=3)
    d += e.Dot(open=True).at((0, 0)).label("from the loop sensor", loc="left")
    d += e.Line().right(2)
    d += (coil := e.Transformer(t1=5, t2=5).right().anchor("p1"))
    d += e.Label().at((2.5, -3.2)).label("600 : 600 Ω, bears 100 mA of DC, isolates 1.5 kV or more")
    d += e.Line().left(2).at(coil.p2)
    d += e.Dot(open=True).label("line b", loc="left")
    d += e.Line().right(1).at(coil.s1)
    d += (tap := e.Dot())
    d += e.Resistor().right(3).label("560 Ω")
    d += e.Dot(open=True).label("card, line out (tip)", loc="right")
    d += e.Line().up(1.2).at(tap.center)
    d += e.Resistor().right(3).label("10 kΩ")
    d += e.Dot(open=True).label("card, line in (tip, left)", loc="right")
    d += e.Line().right(1).at(coil.s2)
    d += e.Ground()
    d += e.Line().right(3)
    d += e.Dot(open=True).label("card, both sleeves", loc="right")
    return d


INNER_SIDE = (
    ("audio out", "card, line in (tip, left)"),
    ("audio in", "card, line out (tip)"),
    ("off-hook", "GPIO 17: hook_pin, with 10 kΩ to ground"),
    ("ring detect", "GPIO 27: ring_pin"),
    ("loop detect", "GPIO 22: loop_pin"),
    ("ground", "ground of the Pi, sleeves of the card"),
)


def daa() -> schemdraw.Drawing:
    """An approved module does all of it, and the barrier is in it."""
    d = drawing("An approved DAA module or FXO front end, used as its maker says: the barrier is inside", top=1)
    outer = [e.IcPin(name=name, side="left", pos=pos, anchorname=name) for name, pos in (("TIP", 0.7), ("RING", 0.3))]
    inner = [
        e.IcPin(name=name, side="right", pos=1 - (row + 0.5) / len(INNER_SIDE), anchorname=f"row{row}")
        for row, (name, _) in enumerate(INNER_SIDE)
    ]
    d += (part := e.Ic(pins=[*outer, *inner], size=(6, 6), leadlen=0.8).at((3, -6)))
    for anchor, words in (("TIP", "line a"), ("RING", "line b")):
        d += e.Line().left(1).at(getattr(part, anchor))
        d += e.Dot(open=True).label(words, loc="left")
    for row, (_, words) in enumerate(INNER_SIDE):
        d += e.Line().right(1).at(getattr(part, f"row{row}"))
        d += e.Dot(open=True).label(words, loc="right")
    return d


def panel() -> schemdraw.Drawing:
    """What a person sees and presses."""
    d = drawing("Lamps and button")
    rows = (("GPIO 25: status.lamp_pin", "status"), ("GPIO 5: lamp_pin", "off-hook"))
    for number, (pin, words) in enumerate(rows):
        d += e.Dot(open=True).at((0, -2.2 * number)).label(pin, loc="left")
        d += e.Resistor().right(2.5).label("330 Ω")
        d += e.LED().right(2.5).label(words, loc="bottom", ofst=0.4)
        d += e.Ground()
    d += e.Dot(open=True).at((0, -4.4)).label("GPIO 6: button_pin\nPi pulls it up", loc="left")
    d += e.Button().right(5).label("held for 2 s: shuts down")
    d += e.Ground()
    return d


ROWS, COLUMNS, PITCH = (5, 6, 13, 19), (12, 16, 20, 21), 2.0
KEYS = ("123A", "456B", "789C", "*0#D")


def matrix_keypad() -> schemdraw.Drawing:
    """A test telephone on pins of its own: rows are driven one at a time, columns read."""
    d = drawing("Matrix keypad as test telephone, on a Pi of its own")
    for row, pin in enumerate(ROWS):
        d += e.Line().at((0, -PITCH * row)).right(PITCH * 4)
        d += e.Dot(open=True).at((0, -PITCH * row)).label(f"row, GPIO {pin}", loc="left")
    for column, pin in enumerate(COLUMNS):
        x = PITCH * column + 1.6
        d += e.Line().at((x, 0.9)).down(PITCH * 4)
        d += e.Dot(open=True).at((x, -PITCH * 4 + 0.9)).label(f"column,\nGPIO {pin}", loc="bottom", ofst=0.3)
    for row, names in enumerate(KEYS):
        for column, name in enumerate(names):
            x, y = PITCH * column, -PITCH * row
            d += e.Line().at((x + 0.6, y)).endpoints((x + 0.6, y), (x + 1.6, y + 0.8))
            d += e.Label().at((x + 0.75, y + 0.55)).label(name)
    return d


CIRCUITS = (daa, hook_relay, ring_detector, loop_sensor, sound, panel, matrix_keypad)


def main(folder: Path) -> None:
    """Write one SVG a circuit."""
    for circuit in CIRCUITS:
        name = circuit.__name__.replace("_", "-")
        (folder / f"{name}.svg").write_bytes(circuit().get_imagedata("svg"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
