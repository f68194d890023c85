"""Secrets of handlers, and their masks in all output."""

import dataclasses
import os
import unittest
from unittest import mock

from tutti._contracts import ErrorDetail
from tutti._masks import Masks
from tutti._secrets import Secrets, SecretWanted
from tutti.failures import TuttiError

SECRET = 'p"ss word/1+ü'


def wanted(reference: str) -> SecretWanted:
    return SecretWanted(reference, "shop", "run", "run_1", "pay", "")


def code_of(secrets: Secrets, reference: str) -> tuple[str, str]:
    try:
        secrets.open(wanted(reference))
    except TuttiError as error:
        return error.code, error.message
    return "opened", ""


class What_an_attempt_says(unittest.TestCase):
    def setUp(self) -> None:
        self.masks = Masks()
        self.masks.add("secret:till", SECRET)

    def test_has_the_name_of_the_secret_in_its_place_also_in_fields_and_bytes(self) -> None:
        output = self.masks.json({"list": [f"x{SECRET}"], SECRET: 1, "pair": (SECRET, None)})
        mask = "[secret secret:till]"
        self.assertEqual(output, {"list": [f"x{mask}"], mask: 1, "pair": [mask, None]})
        piece = self.masks.content(b"\xff" + SECRET.encode() + b"\xfe")
        self.assertEqual(piece, b"\xff" + mask.encode() + b"\xfe")

    def test_is_an_error_without_it_with_its_causes_and_details(self) -> None:
        detail = ErrorDetail(code="a.b", message=SECRET, details={"stack": SECRET})
        detail.cause.CopyFrom(ErrorDetail(code="a.c", message=f"because of {SECRET}"))
        self.masks.error(detail)
        self.assertNotIn(SECRET.encode(), detail.SerializeToString())
        self.assertEqual(detail.cause.message, "because of [secret secret:till]")


class Secrets_of_the_workers_machine(unittest.TestCase):
    def test_are_those_that_the_worker_lists(self) -> None:
        secrets = Secrets(None, offered=["env:TUTTI_TEST_SECRET", "env:TUTTI_TEST_NONE"])
        with mock.patch.dict(os.environ, {"TUTTI_TEST_SECRET": "local"}):
            self.assertEqual(secrets.open(wanted("env:TUTTI_TEST_SECRET")), "local")
        self.assertEqual(code_of(secrets, "env:TUTTI_TEST_NONE")[0], "sdk.secret_missing")
        self.assertEqual(code_of(secrets, "file:/etc/hostname")[0], "sdk.secret_not_offered")
        code, message = code_of(secrets, "hunter2")
        self.assertEqual(code, "sdk.secret_unnamed")
        self.assertNotIn("hunter2", message)

    def test_come_over_no_way_that_others_could_change(self) -> None:
        self.assertEqual(code_of(Secrets("http://tutti.example"), "secret:till")[0], "sdk.option_invalid")


class Secrets_of_the_installation(unittest.TestCase):
    def test_are_kept_for_no_longer_than_they_may(self) -> None:
        secrets = Secrets(None)
        now = 0.0
        with (
            mock.patch("tutti._secrets.time.monotonic", lambda: now),
            mock.patch.object(secrets, "_unsealed", lambda *_: ("value", 60_000)),
        ):
            for task in range(3):
                secrets.open(dataclasses.replace(wanted("secret:till"), access_token=f"task {task}"))
                now += 61
        self.assertEqual(len(secrets._kept), 1)


if __name__ == "__main__":
    unittest.main()
