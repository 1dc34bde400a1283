"""Questions whose answering passages were marked before anybody tuned, and the tool that scores them."""
