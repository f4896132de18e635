"""Workflows as ComfyUI's editor saves them ("UI format"), turned into the API format.

document.py    the file as dataclasses: nodes, slots, links, subgraph definitions   (pure)
widgets.py     widgets_values, a bare list, back to named values                     (pure)
instances.py   subgraphs unfolded, with the values that their outsides set           (pure)
convert.py     links followed to where they really come from; the API graph          (pure)

It does what the editor's own graphToPrompt does (Comfy-Org/ComfyUI_frontend, executionUtil.ts and
ExecutableNodeDTO.ts, 1.27 to 1.43), with /object_info in place of the running editor.
"""
