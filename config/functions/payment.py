def check_card(conv: Conversation, flow: Flow):
    """Ask again, three times at most, where the check digit is wrong."""
    if has_right_check_digit(conv.values["card"]):
        return
    conv.state["tries"] = conv.state.get("tries", 0) + 1
    flow.goto_step("card" if conv.state["tries"] < 3 else "stopped")
    return "That is not a card number."


def pay(conv: Conversation, flow: Flow):
    """Here the card would be charged, with conv.values["card"] and conv.values["expiry"]."""
    flow.goto_step("paid")


def has_right_check_digit(number: str) -> bool:
    """The check of ISO/IEC 7812: every second digit from the right counts double."""
    if not number.isdigit():
        return False
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
