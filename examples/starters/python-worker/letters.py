"""What the worker does, without the worker: easy to test."""


def write(given):
    return {"text": f"Dear {given['name']}"}
