"""The refiner: a short idea in, an image prompt out, by a language model inside this process.

template    what the model is told, and the banks of phrases: data, with a version
chat        that data in the model's own chat format
native      llama-cpp-python's habits that a program with threads must undo
loading     a GGUF file into llama.cpp
model       one loaded model; a single thread's business
threads     how many threads it computes with
worker      the thread that owns the model, and its queue
words, contradictions, cleanup, guard, topup    from what the model said to a prompt; pure
refiner     all of it together
"""
