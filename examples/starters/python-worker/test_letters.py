import unittest

from letters import write


class Letters(unittest.TestCase):
    def test_a_letter_has_the_name(self):
        self.assertEqual(write({"name": "Anna"}), {"text": "Dear Anna"})


if __name__ == "__main__":
    unittest.main()
