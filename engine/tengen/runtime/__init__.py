"""The only code that acts: memory, buffers, the eager engine and the backward walk."""
