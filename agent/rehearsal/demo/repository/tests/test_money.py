import unittest

from tally.money import format_cents, parse_cents


class MoneyTest(unittest.TestCase):
    def test_reads_amounts(self):
        self.assertEqual(parse_cents("12.5"), 1250)
        self.assertEqual(parse_cents("7"), 700)

    def test_refuses_what_is_no_amount(self):
        for text in ("", "-1", "1.234", "a"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_cents(text)

    def test_writes_amounts(self):
        self.assertEqual(format_cents(1205), "12.05")
