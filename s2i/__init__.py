"""SpeechToImage: say an idea, see the picture."""

__version__ = "0.1.0"
