"""Documents that the engine writes and the viewers draw: the contracts between both.

They are plain JSON. Neither side imports the other; both are tested against these structs.
"""
