"""Models: every call journaled, reserved before it is made, priced. The only room that knows anthropic."""
