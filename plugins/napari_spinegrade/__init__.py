"""The reading desk for napari.  Its rooms arrive with the plugin; the headless core is `spinegrade`."""
