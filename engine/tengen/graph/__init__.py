"""The one graph: types, nodes, operator definitions, and the door through which every call goes."""
