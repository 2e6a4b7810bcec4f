"""`numtrustctl report`: a month as a manager reads of it, as text, Markdown, or one HTML file with drawn charts.

The daemon sums up (`api.report`); `sections` says it in words, `charts` draws, `writing` and `page` put it out, `verb`
is the command. (`ctl.reports` is something else: what people and relays report to have seen.)
"""
