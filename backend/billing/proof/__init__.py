"""Proof of charges: each charge of a number compared with catalogue, requests, days and use of the company's lines."""
