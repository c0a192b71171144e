"""Reports: one HTML page that needs no other file, for what a run found.

page             a template and its contents to a page, everything from outside escaped (Jinja2)
templates/       what each kind of report says; `base.html` is the frame that all share
figures, maps    the pictures, drawn once and put inside the page
colours          classes and ramps of the maps, from `model_core/styles`
reanalysis, period, crossvalidation, reproduction, training
                 a job's results to the contents of its page
"""
