"""Gateways: each outside system as a protocol with a real and a simulated side."""
