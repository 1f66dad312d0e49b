"""The file format of `tengen.save`: a safetensors file whose metadata holds the structure as JSON.

Nothing in it is code: reading a file of unknown origin runs none. Any safetensors reader can get
at the tensors under the names of their places in the saved object.
"""
