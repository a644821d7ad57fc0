import unittest

from tally.split import split_evenly


class SplitTest(unittest.TestCase):
    def test_even_amounts(self):
        self.assertEqual(split_evenly(900, 3), [300, 300, 300])

    def test_no_cent_is_lost(self):
        for cents in (1000, 1001, 1002):
            with self.subTest(cents):
                self.assertEqual(sum(split_evenly(cents, 3)), cents)

    def test_the_first_people_pay_the_odd_cents(self):
        self.assertEqual(split_evenly(1001, 3), [334, 334, 333])

    def test_nobody_cannot_pay(self):
        with self.assertRaises(ValueError):
            split_evenly(100, 0)
