"""Rules: dated triggers on water, and which of them hold and bind at a site."""
