"""From inputs to a request, from an answer to a reply: values in, values out. Only `inputs` and `part` read files."""
