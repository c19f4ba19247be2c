"""What each HTML page needs: the language before first paint, the switch, its script."""

import json

from .languages import read_languages, spans

# The choice is made before the body is parsed, so the first paint is already right.
HEAD_SCRIPT = """<script>
(function (root, choices, fallback) {
  var asked = null, stored = null;
  try { asked = new URLSearchParams(location.search).get("lang"); } catch (e) {}
  try { stored = localStorage.getItem("bilingual"); } catch (e) {}
  var choice = choices[asked] || choices[stored] || choices[fallback];
  root.dataset.lang = choice.tag;
  root.lang = choice.code;
  if (choices[asked]) try { localStorage.setItem("bilingual", choice.tag); } catch (e) {}
})(document.documentElement, %s, %s);
</script>"""


def setup(app):
    """Register the page hook, the style sheet and the script."""
    app.add_css_file("bilingual.css")
    # Before what other packages bring, so that their troubles do not reach it.
    app.add_js_file("bilingual.js", loading_method="defer", priority=50)
    app.connect("html-page-context", _add_to_page)
    app.connect("html-page-context", _split_root_title, priority=900)  # after the theme's


def _add_to_page(app, pagename, templatename, context, doctree):
    languages = read_languages(app.config)
    context["bilingual"] = lambda text: spans(text, languages)
    context["bilingual_languages"] = languages
    context["bilingual_legend"] = app.config.bilingual_legend
    context["bilingual_both"] = app.config.bilingual_both
    context["metatags"] = (
        context.get("metatags", "") + hiding_style(languages) + head_script(app.config)
    )


def _split_root_title(app, pagename, templatename, context, doctree):
    """Give the sidebar the first page's title in parts; the theme made it plain text."""
    title = app.env.titles[app.config.root_doc]
    context["root_title"] = app.builder.render_partial(title)["title"]


def hiding_style(languages):
    """Return the style that hides, for each choice, what is in another language."""
    hidden = [
        f'html[data-lang="{shown.tag}"] .lang-{other.tag}'
        for shown in languages
        for other in languages
        if other is not shown
    ]
    hidden += [f'html[data-lang="{x.tag}"] .lang-separator' for x in languages]
    return f"<style>{','.join(hidden)}{{display:none!important}}</style>"


def head_script(config):
    """Return the inline script that sets the language on the root element."""
    languages = read_languages(config)
    # No prototype: `?lang=constructor` is as unknown as any other word.
    choices = {"__proto__": None, "both": {"tag": "both", "code": config.language or "en"}}
    for language in languages:
        choice = {"tag": language.tag, "code": language.code}
        choices[language.tag] = choices[language.code] = choice
    return HEAD_SCRIPT % (json.dumps(choices), json.dumps(languages[0].tag))
