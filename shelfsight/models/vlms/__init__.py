"""Vision-language models: a picture and a text to P(yes), or to an answer."""
