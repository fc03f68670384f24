"""Renderers of explanations: text, Markdown, LaTeX, HTML, JSON and the live workbook."""
