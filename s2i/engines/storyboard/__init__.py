"""The storyboard engine: a placeholder scene painted with Pillow from the prompt's own words."""
