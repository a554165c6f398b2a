def start_function(conv: Conversation):
    return ""  # no greeting: the recording notice is the first sound


def continue_conversation(conv: Conversation, flow: Flow):
    conv.exit_flow()
    assert conv.history[-1].role == "user"
    if conv.history[-1].text == "1":
        conv.discard_recording()
    return {
        "utterance": "Hello, this is the front desk. How can I help?"
    }
