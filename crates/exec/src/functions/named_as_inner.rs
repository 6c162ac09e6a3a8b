//! Aggregates that stand in for one of DataFusion's under another name.

/// Methods of an `AggregateUDFImpl` by which columns keep the names that queries know them by: those of its field `inner`.
macro_rules! named_as_inner {
    () => {
        fn schema_name(&self, call: &datafusion::logical_expr::expr::AggregateFunctionParams) -> Result<String> {
            self.inner.schema_name(call)
        }

        fn display_name(&self, call: &datafusion::logical_expr::expr::AggregateFunctionParams) -> Result<String> {
            self.inner.display_name(call)
        }

        fn human_display(&self, call: &datafusion::logical_expr::expr::AggregateFunctionParams) -> Result<String> {
            self.inner.human_display(call)
        }

        fn window_function_schema_name(
            &self,
            call: &datafusion::logical_expr::expr::WindowFunctionParams,
        ) -> Result<String> {
            self.inner.window_function_schema_name(call)
        }

        fn window_function_display_name(
            &self,
            call: &datafusion::logical_expr::expr::WindowFunctionParams,
        ) -> Result<String> {
            self.inner.window_function_display_name(call)
        }
    };
}

pub(super) use named_as_inner;
